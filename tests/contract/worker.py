"""A worker on either Kafka driver for Faust, as the roles have it, acknowledging as a test says."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

from aiokafka import AIOKafkaProducer
from faust.transport.drivers import aiokafka as stock
from faust.types import TP, EventT

from agents.runtime import app as shared
from agents.runtime.batching import Batching
from agents.runtime.state_store import StateStore
from agents.runtime.transport import RecordsSchema
from pipeline.config.groups import KafkaSettings, WorkerSettings
from pipeline.config.settings import Settings

PATIENCE = 20.0
"""Seconds until what a test waits for counts as missing."""
NEVER = 600.0
"""Seconds between commits where only the test commits."""


class Worker:
    """A running worker of a group; what it reads is in `records`, in the order of arrival.

    It acknowledges what it is given at once, unless `holding`; then the test does, with `ack`.
    `fetch` is the most records of a fetch: what a test acknowledges apart, it fetches apart.
    """

    def __init__(
        self,
        driver: str,
        kafka: str,
        topics: Sequence[str],
        folder: Path,
        *,
        group: str | None = None,
        instance: str = "",
        fetch: int = 500,
        holding: bool = False,
        session_timeout: float = 6.0,
        commit_interval: float = NEVER,
        table_partitions: int = 0,
    ) -> None:
        self.group = group or f"group-{topics[0]}"
        settings = Settings(
            data=folder,
            kafka=KafkaSettings(
                bootstrap=kafka,
                batch_size=fetch,
                session_timeout=session_timeout,
                commit_interval=commit_interval,
            ),
            worker=WorkerSettings(instance=instance),
        )
        with mock.patch.object(shared, "group_of", return_value=self.group):
            self.app = shared.make_app("detect", settings, Batching(fetch=fetch, size=fetch))
        if driver == "stock":
            transport = stock.Transport(self.app.transport.url, self.app)
            self.app.transport = self.app.producer_transport = transport
        schema = RecordsSchema() if driver == "ours" else None
        self.states = StateStore(self.app, "kept", table_partitions) if table_partitions else None
        self.events: list[EventT[Any]] = []
        self.records: list[Any] = []
        self.holding = holding
        self.handling = asyncio.Event()
        """Cleared, the worker is stuck with the event that it has."""
        self.handling.set()
        self.rebalances = 0
        self._acknowledged = 0
        self._changed = asyncio.Condition()
        self._stream: Any = None
        self.app.agent(self.app.topic(*topics, schema=schema))(self._work)
        self._watch_rebalances()

    @property
    def consumer(self) -> Any:
        return self.app.consumer

    @property
    def producer(self) -> AIOKafkaProducer:
        return self.app.producer._producer  # type: ignore[attr-defined]

    @property
    def values(self) -> list[bytes]:
        return [record.value for record in self.records]

    @property
    def assigned(self) -> set[TP]:
        return {tp for tp in self.consumer.assignment() if not self.consumer._is_changelog_tp(tp)}

    async def _work(self, stream: Any) -> None:
        self._stream = stream
        stream.enable_acks = False
        async for value in stream:
            event = stream.current_event
            self.events.append(event)
            self.records.extend(value if isinstance(value, tuple) else [event.message])
            await self._tell()
            await self.handling.wait()
            if not self.holding:
                await stream.ack(event)
                self._acknowledged += 1
                await self._tell()

    async def ack(self, *events: EventT[Any]) -> None:
        for event in events:
            await self._stream.ack(event)

    async def commit(self) -> None:
        """Commit what may be committed: all that it was given, unless it is holding or stuck."""
        if self.handling.is_set() and not self.holding:
            await self.until(lambda: self._acknowledged == len(self.events))
        await self.consumer.commit()

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when it holds; looked at whenever a record or an assignment has come."""
        async with self._changed, asyncio.timeout(PATIENCE):
            await self._changed.wait_for(condition)

    async def has(self, count: int) -> None:
        """Return when it was given that many records."""
        await self.until(lambda: len(self.records) >= count)

    async def suspend(self) -> None:
        """Suspend the flow, as Faust does when a rebalance begins."""
        self.consumer.stop_flow()
        self.app.flow_control.suspend()
        self.consumer.pause_partitions(self.assigned)
        self.app.flow_control.clear()

    async def resume(self) -> None:
        """Resume the flow, as Faust does when a rebalance ends."""
        self.consumer.resume_partitions(self.assigned)
        await self.consumer.perform_seek()
        self.app.flow_control.resume()
        self.consumer.resume_flow()

    async def start(self) -> Self:
        """Start without waiting for partitions."""
        self.app.finalize()
        await self.app.start()
        return self

    async def __aenter__(self) -> Self:
        await self.start()
        await self.until(lambda: self.rebalances)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.handling.set()
        if self.holding:
            self.consumer.unacked.clear()  # nobody will acknowledge it: do not wait
        await self.app.stop()

    def _watch_rebalances(self) -> None:
        ended = self.app.on_rebalance_end

        def watched() -> None:
            ended()
            self.rebalances += 1
            asyncio.ensure_future(self._tell())  # noqa: RUF006 - done in one step

        self.app.on_rebalance_end = watched  # type: ignore[method-assign]

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def publisher(kafka: str, transactional_id: str | None = None) -> Any:
    """A producer of aiokafka that sends each message alone."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, transactional_id=transactional_id, linger_ms=0
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def publish(kafka: str, topic: str, values: Iterable[bytes], partition: int = 0) -> None:
    """Publish messages to one partition, in order."""
    async with publisher(kafka) as producer:
        sent = [await producer.send(topic, value, partition=partition) for value in values]
        await asyncio.gather(*sent)


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(start, start + count)]


class Printing(Worker):
    """A worker that prints each value before it acknowledges."""

    async def _tell(self) -> None:
        while self.records:
            print(self.records.pop(0).value.decode(), flush=True)  # noqa: T201 - a test reads it


async def _run_as_process(driver: str, kafka: str, topic: str, folder: str) -> None:
    """Be the member "victim" of the group of `topic` until killed."""
    worker = Printing(
        driver, kafka, [topic], Path(folder), instance="victim", fetch=10, commit_interval=0.1
    )
    await worker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run_as_process(*sys.argv[1:]))
