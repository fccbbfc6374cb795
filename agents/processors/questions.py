"""Polls sources over HTTP, and delivers their pages."""

import hashlib
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec

from agents.processors.polled import Asked, GivenUp, Source
from agents.processors.translation import Ask, LookUp
from pipeline.common import metrics
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.outcome import Request
from pipeline.connectors.polls.poll import Poll, Question

PATIENCE = timedelta(hours=1)
"""Seconds after which a page, and so the poll, is given up until the next time."""
MOST_PAGES = 5_000
"""Most pages of a poll; a source with more never ends."""
KEPT_PAGES = 500
"""Most pages of the last poll that are recognised."""
LARGEST = 2_900_000
"""Most bytes of an answer that fits on cx.received, sealed and in base64."""

Deliver = Callable[[Delivery], Awaitable[None]]
"""Publishes a delivery; returns once it is confirmed."""


class Questions:
    """Sends the HTTP polls of mappings."""

    def __init__(self, ask: Ask, deliver: Deliver, now: Callable[[], datetime]) -> None:
        self._ask, self._deliver, self._now = ask, deliver, now

    async def ask(self, source: Source, asked: Asked | None) -> tuple[Asked, bool]:
        """Fetch a span of time, page by page (`AskSource`)."""
        now, poll = self._now(), cast(Poll, source.poll)
        known, pages = (asked.pages if asked else ()), list[str]()
        cursor = asked.cursor if asked else None
        first = poll.question(cursor, source.connection, source.part, now)
        question: Question | None = first
        while question:
            question, page = await self._page(source, poll, question, {*known})
            if page in pages or len(pages) == MOST_PAGES:
                raise GivenUp("the source answers with the same page again, or never ends")
            pages.append(page)
        return Asked(first.until, now, tuple(pages[:KEPT_PAGES])), first.until < now

    async def _page(
        self, source: Source, poll: Poll, question: Question, known: Collection[str]
    ) -> tuple[Question | None, str]:
        """Fetch and deliver a page; return the next one, and the digest of this one."""
        connection = source.connection
        try:
            request = poll.request(question, connection)
        except ValueError as error:
            raise GivenUp(f"the request cannot be built: {error}") from None
        body = await self._answer(source, poll, request)
        try:
            page = poll.page(question, body, connection)
        except ValueError as error:
            raise GivenUp(f"the answer cannot be read: {error}") from None
        content = msgspec.json.encode(body)
        if len(content) > LARGEST:
            raise GivenUp(f"an answer has {len(content):,} bytes, more than {LARGEST:,}")
        digest = hashlib.sha256(content).hexdigest()[:16]
        metrics.POLLED.labels(connection.name, source.name).inc(page.entries)
        if page.entries and digest not in known:
            delivery = Delivery(connection.name, self._now(), content, "GET", request.url)
            await self._deliver(delivery)
        return page.next, digest

    async def _answer(self, source: Source, poll: Poll, request: Request) -> Any:
        now, rate = self._now(), poll.form.calls_per_minute / 60
        wanted = LookUp(source.connection, source.mapping, [request], now, rate)
        answer = (await self._ask(wanted, now + PATIENCE))[request]
        if answer.problem:
            raise GivenUp(answer.problem)
        if answer.body is None:
            raise GivenUp("the address does not exist")
        return answer.body
