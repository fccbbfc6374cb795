"""What changes in the inbox, as server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from litestar.response import ServerSentEventMessage

from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.live import Live

HEARTBEAT = 10.0
"""Seconds without a change after which the order is looked at anew: what waits rises."""
GATHER = 0.1
"""Least seconds between two messages: many changes at once become one."""
SHARE = 0.1
"""Most of a core's time that one stream takes: a longer inbox is looked at less often."""
RETRY_MS = 2_000

Shown = tuple[Sequence[InboxItem], dict[str, str]]
"""The items on a page in order, and the parts around them as HTML by their id."""


async def events(
    live: Live,
    look: Callable[[], Shown],
    card: Callable[[InboxItem], str],
    allowed: Callable[[], bool],
    after: str,
) -> AsyncIterator[ServerSentEventMessage]:
    """Yield the order of the page and the cards that differ from what the browser has.

    `after` is the version that the page was made at: a browser that has it is sent no card twice.
    Ends with `login` where the visitor may not look any more.
    """
    with live.listening() as changed:
        current = after == live.version
        items, parts = look()
        has = {item.alert.id: item for item in items} if current else {}
        before = ([*has], parts) if current else None
        yield ServerSentEventMessage(event="ready", data=live.version, retry=RETRY_MS)
        while allowed():
            changed.clear()
            begin = time.monotonic()
            items, parts = look()
            order = [item.alert.id for item in items]
            cards = {
                item.alert.id: card(item) for item in items if has.get(item.alert.id) is not item
            }
            if cards or (order, parts) != before:
                message = {"order": order, "cards": cards, "parts": parts}
                yield ServerSentEventMessage(
                    event="change", data=msgspec.json.encode(message).decode()
                )
                has, before = {item.alert.id: item for item in items}, (order, parts)
                await asyncio.sleep(max(GATHER, (time.monotonic() - begin) / SHARE))
            else:
                yield ServerSentEventMessage(comment="still there", data=None)
            try:
                await asyncio.wait_for(changed.wait(), HEARTBEAT)
            except TimeoutError:
                continue
    yield ServerSentEventMessage(event="login", data="")
