"""Polls sources that do not send, and delivers their answers.

The progress of a source is stored once all its answers are confirmed: if a worker ends in between,
the next one polls again, and repeated deliveries lead to the same events.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from datetime import datetime

import msgspec
import structlog

from agents.processors.polled import Asked, GivenUp, Source
from agents.runtime.crash import crashing
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.common import metrics
from pipeline.connectors.mapping import MappingError
from pipeline.connectors.setup.connections import ConnectionBook

log = structlog.get_logger(__name__)

AskSource = Callable[[Source, Asked | None], Awaitable[tuple[Asked, bool]]]
"""Polls a source once from its last progress, and delivers the answers.

Returns the new progress, and whether there is more to fetch at once. Raises GivenUp.
"""

_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Asked)


class Poller:
    """Polls the sources of the connections in this worker's partitions, each when it is due."""

    def __init__(
        self,
        book: ConnectionBook,
        table: Table,
        partition_of: Callable[[str], int],
        ask: AskSource,
        now: Callable[[], datetime],
    ) -> None:
        self._book, self._table, self._partition_of = book, table, partition_of
        self._ask, self._now = ask, now
        self._partitions: Collection[int] = ()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._given_up: dict[str, datetime] = {}
        self._at_once: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    def restore(self, partitions: Collection[int]) -> None:
        """Take over the connections of partitions assigned to this worker."""
        self._partitions = partitions

    async def release(self) -> None:
        """Cancel polls in progress: their partitions go to another worker."""
        async with self._one_at_a_time:
            self._partitions = ()
            for task in self._asking.values():
                task.cancel()
            self._asking.clear()
            self._at_once.clear()

    def ask_at_once(self, connections: Iterable[str]) -> None:
        """Poll connections without waiting until they are due."""
        self._at_once.update(connections)

    async def advance(self) -> None:
        """Start polling the sources that are due."""
        now, at_once, self._at_once = self._now(), self._at_once, set()
        for source in self._sources():
            if source.key in self._asking:
                continue
            if source.connection.name in at_once or self._is_due(source, now):
                self._asking[source.key] = asyncio.create_task(self._poll(source))

    def _sources(self) -> Iterator[Source]:
        for connection in self._book.connections.values():
            if self._partition_of(connection.name) not in self._partitions:
                continue
            try:
                mapping = self._book.mapping(connection)
            except MappingError:
                continue
            for name, part in mapping.polled(connection):
                yield Source(connection, mapping, name, mapping.polls[name], part)

    def _is_due(self, source: Source, now: datetime) -> bool:
        asked, every = self._asked(source), source.poll.every(source.connection)
        times = (asked.asked_at if asked else None, self._given_up.get(source.key))
        return all(time is None or now >= time + every for time in times)

    def _asked(self, source: Source) -> Asked | None:
        state = self._table.get(self._partition_of(source.connection.name), source.key)
        return _DECODER.decode(state) if state else None

    async def _poll(self, source: Source) -> None:
        """Poll a source until it has no more to fetch."""
        labels = source.connection.name, source.name
        with crashing():
            try:
                is_behind = True
                while is_behind:
                    asked, is_behind = await self._ask(source, self._asked(source))
                    await self._keep(source, asked)
                self._given_up.pop(source.key, None)
            except GivenUp as problem:
                self._given_up[source.key] = self._now()
                metrics.POLLS_FAILED.labels(*labels).inc()
                log.warning("poll of a source given up", source=labels, reason=str(problem))
            finally:
                if self._asking.get(source.key) is asyncio.current_task():
                    del self._asking[source.key]

    async def _keep(self, source: Source, asked: Asked) -> None:
        partition = self._partition_of(source.connection.name)
        state = StoredState(*StateKey(partition, source.key), _ENCODER.encode(asked))
        async with self._one_at_a_time:
            self._table.stage([state])
            await self._table.commit([state])
        labels = source.connection.name, source.name
        metrics.POLLED_UNTIL.labels(*labels).set(asked.cursor.timestamp())
