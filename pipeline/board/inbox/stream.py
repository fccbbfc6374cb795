"""Streams changes of the inbox as server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from litestar.response import ServerSentEventMessage

from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.live import Live

HEARTBEAT = 10.0
"""Seconds without a change after which items are ranked again, since waiting ones rise."""
GATHER = 0.1
"""Fewest seconds between two messages, which merges bursts of changes."""
SHARE = 0.1
"""Largest share of a core for one stream; a longer inbox is rendered less often."""
RETRY_MS = 2_000

Shown = tuple[Sequence[InboxItem], dict[str, str]]
"""The items of a page in order, and HTML of the parts around them by id."""


async def events(
    live: Live,
    look: Callable[[], Shown],
    card: Callable[[InboxItem], str],
    allowed: Callable[[], bool],
    after: str,
) -> AsyncIterator[ServerSentEventMessage]:
    """Yield the order of the page, and the cards that the browser does not have.

    `after` is the version of the page; if it is current, no card is sent again. The stream ends
    with `login` when the visitor is no longer allowed.
    """
    with live.listening() as changed:
        current = after == live.version
        items, parts = look()
        has = {item.id: item for item in items} if current else {}
        before = ([*has], parts) if current else None
        yield ServerSentEventMessage(event="ready", data=live.version, retry=RETRY_MS)
        while allowed():
            changed.clear()
            begin = time.monotonic()
            items, parts = look()
            order = [item.id for item in items]
            cards = {item.id: card(item) for item in items if has.get(item.id) is not item}
            if cards or (order, parts) != before:
                message = {"order": order, "cards": cards, "parts": parts}
                yield ServerSentEventMessage(
                    event="change", data=msgspec.json.encode(message).decode()
                )
                has, before = {item.id: item for item in items}, (order, parts)
                await asyncio.sleep(max(GATHER, (time.monotonic() - begin) / SHARE))
            else:
                yield ServerSentEventMessage(comment="still there", data=None)
            try:
                await asyncio.wait_for(changed.wait(), HEARTBEAT)
            except TimeoutError:
                continue
    yield ServerSentEventMessage(event="login", data="")
