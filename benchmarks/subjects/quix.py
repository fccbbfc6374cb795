"""The job with Quix Streams: `python -m benchmarks.subjects.quix JOB`.

Jobs: `understand`, `detect`, `record`, and `understand-singly`. A data frame handles single
messages, and reading texts one by one costs several times as much as in batches; so `understand`
reads them in a sink, where Quix Streams batches, and `understand-singly` in a plain data frame.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.models import HeadersTuples, Topic
from quixstreams.sinks.base import BatchingSink, SinkBatch

from benchmarks.subjects.work import Detect, Incoming, Outgoing, Record, Understand
from pipeline.config.settings import Settings, load_settings
from pipeline.contracts.topology import ALERTS, INPUTS, SCORED


def application(settings: Settings) -> Application:
    """Return an app with the commit interval and batch size of Nabız's roles."""
    return Application(
        broker_address=settings.kafka.bootstrap,
        consumer_group=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
        state_dir=settings.data / "quix",
        commit_interval=settings.kafka.commit_interval,
        commit_every=settings.kafka.batch_size,
        loglevel="WARNING",
    )


class WholeBatchSink(BatchingSink):
    """Handles all messages since the last checkpoint, of all partitions at once."""

    def __init__(self, handle: Callable[[list[Incoming]], None]) -> None:
        super().__init__()
        self._handle = handle

    def write(self, batch: SinkBatch) -> None:
        """Do nothing; `flush` writes everything."""

    def flush(self) -> None:
        """Handle the batch, and return when it is confirmed."""
        incoming = [
            Incoming(batch.topic, batch.partition, one.offset, one.key, one.value, one.timestamp)
            for batch in self._batches.values()
            for one in batch
        ]
        self._batches.clear()
        if incoming:
            self._handle(incoming)


def understand(app: Application, sources: list[Topic]) -> None:
    """Read texts in batches."""
    reading = Understand()
    producer = app.get_producer()

    def handle(batch: list[Incoming]) -> None:
        for out in reading(batch):
            producer.produce(out.topic, out.value, out.key)
        producer.flush()

    sink = WholeBatchSink(handle)
    for source in sources:
        app.dataframe(source).sink(sink)


def understand_singly(app: Application, sources: list[Topic]) -> None:
    """Read texts one by one."""
    reading = Understand()
    target = raw_topic(app, SCORED)

    def scored(value: bytes, key: bytes, timestamp: int, _: HeadersTuples) -> bytes:
        return reading([Incoming("", 0, 0, key, value, timestamp)])[0].value

    for source in sources:
        app.dataframe(source).apply(scored, metadata=True).to_topic(target)


def detect(app: Application, sources: list[Topic]) -> None:
    """Fold each message into its customer's state."""
    fold = Detect()

    def changed(
        value: bytes, key: bytes, timestamp: int, _: HeadersTuples, state: State[Any, Any]
    ) -> list[Outgoing]:
        at = message_context()
        message = Incoming(at.topic, at.partition, at.offset, key, value, timestamp)
        after, alerts = fold(state.get_bytes("state"), [message])
        state.set_bytes("state", after)
        return alerts

    (
        app.dataframe(sources[0])
        .apply(changed, stateful=True, metadata=True, expand=True)
        .apply(lambda alert: alert.value)
        .to_topic(raw_topic(app, ALERTS))
    )


def record(app: Application, sources: list[Topic]) -> None:
    """Write batches to the store."""
    sink = WholeBatchSink(Record())
    for source in sources:
        app.dataframe(source).sink(sink)


def raw_topic(app: Application, name: str) -> Topic:
    """Return a topic of raw bytes, which the functions decode and encode themselves."""
    return app.topic(
        name,
        key_deserializer="bytes",
        value_deserializer="bytes",
        key_serializer="bytes",
        value_serializer="bytes",
    )


JOBS: dict[str, Callable[[Application, list[Any]], None]] = {
    "understand": understand,
    "understand-singly": understand_singly,
    "detect": detect,
    "record": record,
}

if __name__ == "__main__":
    job = sys.argv[1]
    quix = application(load_settings())
    JOBS[job](quix, [raw_topic(quix, name) for name in INPUTS[job.partition("-")[0]]])
    quix.run()
