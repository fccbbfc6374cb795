"""Asks sources that do not send, and hands on what they answer.

How far a source was asked is kept once all that it answered is confirmed: a worker that ends in
between has the next one ask again, and what is delivered twice leads to the same events.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import structlog

from agents.processors.translation import LookUp
from agents.runtime.crash import crashing
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.common import metrics
from pipeline.connectors.connection import Connection
from pipeline.connectors.connections import ConnectionBook
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping as SystemMapping
from pipeline.connectors.mapping import MappingError
from pipeline.connectors.outcome import Answer, Request
from pipeline.connectors.poll import Poll, Question

log = structlog.get_logger(__name__)

PATIENCE = timedelta(hours=1)
"""How long a page is asked for before its question is given up until the next time."""
MOST_PAGES = 5_000
"""Pages of a question; a source that has more does not count its pages."""
KEPT_PAGES = 500
"""Pages of the last question that are known again."""
LARGEST = 2_900_000
"""Bytes of an answer that cx.received has room for, sealed and in base64."""

Ask = Callable[[LookUp, datetime], Awaitable[Mapping[Request, Answer]]]
Deliver = Callable[[Delivery], Awaitable[None]]
"""Returns when a delivery is confirmed."""


class Asked(msgspec.Struct, frozen=True):
    """How far a source was asked: all is known up to `cursor`, which was asked for at `asked_at`.

    `pages` are the digests of what it answered: what is told again as it was is not handed on.
    """

    cursor: datetime
    asked_at: datetime
    pages: tuple[str, ...] = ()


class Source(NamedTuple):
    """A part of a connection that is asked on its own."""

    connection: Connection
    mapping: SystemMapping
    name: str
    poll: Poll
    part: Any

    @property
    def key(self) -> str:
        """The key of its state."""
        return "/".join((self.connection.name, self.name, str(self.part or "")))


class _GivenUp(Exception):  # noqa: N818 - it is asked again
    """A question was not answered as it should be; the message says how."""


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Asked)


class Poller:
    """Asks the sources of the connections whose partitions this worker has, each when it is due."""

    def __init__(
        self,
        book: ConnectionBook,
        table: Table,
        partition_of: Callable[[str], int],
        ask: Ask,
        deliver: Deliver,
        now: Callable[[], datetime],
    ) -> None:
        self._book, self._table, self._partition_of = book, table, partition_of
        self._ask, self._deliver, self._now = ask, deliver, now
        self._partitions: Collection[int] = ()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._given_up: dict[str, datetime] = {}
        self._at_once: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    def restore(self, partitions: Collection[int]) -> None:
        """Go on with the connections of partitions that were given to this worker."""
        self._partitions = partitions

    async def release(self) -> None:
        """End what is being asked: its partitions go to another worker."""
        async with self._one_at_a_time:
            self._partitions = ()
            for task in self._asking.values():
                task.cancel()
            self._asking.clear()
            self._at_once.clear()

    def ask_at_once(self, connections: Iterable[str]) -> None:
        """Ask connections without waiting until they are due."""
        self._at_once.update(connections)

    async def advance(self) -> None:
        """Begin to ask whom it is time to ask."""
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
        """Ask until all is known up to now."""
        labels = source.connection.name, source.name
        with crashing():
            try:
                while await self._is_behind(source):
                    pass
                self._given_up.pop(source.key, None)
            except _GivenUp as problem:
                self._given_up[source.key] = self._now()
                metrics.POLLS_FAILED.labels(*labels).inc()
                log.warning("a source was not asked to the end", source=labels, reason=str(problem))
            finally:
                if self._asking.get(source.key) is asyncio.current_task():
                    del self._asking[source.key]

    async def _is_behind(self, source: Source) -> bool:
        """Ask one question, page by page; return whether there is more to ask at once."""
        asked, now = self._asked(source), self._now()
        known, pages = (asked.pages if asked else ()), list[str]()
        cursor = asked.cursor if asked else None
        first = source.poll.question(cursor, source.connection, source.part, now)
        question: Question | None = first
        while question:
            question, page = await self._page(source, question, {*known})
            if page in pages or len(pages) == MOST_PAGES:
                raise _GivenUp("the source answers with the same page again, or never ends")
            pages.append(page)
        await self._keep(source, Asked(first.until, now, tuple(pages[:KEPT_PAGES])))
        return first.until < now

    async def _page(
        self, source: Source, question: Question, known: Collection[str]
    ) -> tuple[Question | None, str]:
        """Ask for a page and hand it on; return the next one, and the digest of this one."""
        connection, poll = source.connection, source.poll
        try:
            request = poll.request(question, connection)
        except ValueError as error:
            raise _GivenUp(f"the question cannot be put: {error}") from None
        body = await self._answer(source, request)
        try:
            page = poll.page(question, body, connection)
        except ValueError as error:
            raise _GivenUp(f"the answer cannot be read: {error}") from None
        content = msgspec.json.encode(body)
        if len(content) > LARGEST:
            raise _GivenUp(f"an answer has {len(content):,} bytes, more than {LARGEST:,}")
        digest = hashlib.sha256(content).hexdigest()[:16]
        metrics.POLLED.labels(connection.name, source.name).inc(page.entries)
        if page.entries and digest not in known:
            delivery = Delivery(connection.name, self._now(), content, "GET", request.url)
            await self._deliver(delivery)
        return page.next, digest

    async def _answer(self, source: Source, request: Request) -> Any:
        now, rate = self._now(), source.poll.form.calls_per_minute / 60
        wanted = LookUp(source.connection, source.mapping, [request], now, rate)
        answer = (await self._ask(wanted, now + PATIENCE))[request]
        if answer.problem:
            raise _GivenUp(answer.problem)
        if answer.body is None:
            raise _GivenUp("nothing is at the address")
        return answer.body

    async def _keep(self, source: Source, asked: Asked) -> None:
        partition = self._partition_of(source.connection.name)
        state = StoredState(*StateKey(partition, source.key), _ENCODER.encode(asked))
        async with self._one_at_a_time:
            self._table.stage([state])
            await self._table.commit([state])
        labels = source.connection.name, source.name
        metrics.POLLED_UNTIL.labels(*labels).set(asked.cursor.timestamp())
