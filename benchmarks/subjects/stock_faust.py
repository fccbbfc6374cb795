"""Stock Faust with stock settings: `python -m benchmarks.subjects.stock_faust MODE TOPIC`.

Modes: `noop` consumes; `forward` forwards the same bytes; `table` writes a count per message to a
RocksDB table.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import faust

from benchmarks.subjects import FORWARDED
from pipeline.contracts.topology import INPUTS


def build(mode: str, role: str) -> faust.App:
    """Return the app for `mode` on the topics of one of our roles."""
    app = faust.App(
        os.environ["BENCH_GROUP"],
        broker=f"kafka://{os.environ['NABIZ_KAFKA_BOOTSTRAP']}",
        store="rocksdb://?driver=rocksdict",
        datadir=f"{os.environ['NABIZ_DATA']}/faust",
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        topic_replication_factor=1,
        web_enabled=False,
    )
    source = app.topic(*INPUTS[role], key_type=bytes, value_type=bytes)
    app.agent(source, name=mode)(_MODES[mode](app))
    return app


Agent = Callable[[Any], Awaitable[None]]


def _noop(_: faust.App) -> Agent:
    async def agent(stream: Any) -> None:
        async for _ in stream:
            pass

    return agent


def _forward(app: faust.App) -> Agent:
    target = app.topic(FORWARDED, key_type=bytes, value_type=bytes)

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            await target.send(key=event.key, value=event.value)

    return agent


def _table(app: faust.App) -> Agent:
    counts: Any = app.Table("counts", default=int, key_type=str, value_type=int, partitions=4)

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            counts[event.key.decode()] += 1

    return agent


_MODES: dict[str, Callable[[faust.App], Agent]] = {
    "noop": _noop,
    "forward": _forward,
    "table": _table,
}

if __name__ == "__main__":
    faust.Worker(build(*sys.argv[1:]), loglevel="WARN").execute_from_commandline()
