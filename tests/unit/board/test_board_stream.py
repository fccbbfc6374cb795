"""The stream of a page: what it brings, and when it ends."""

import asyncio
from typing import Any

import msgspec
import pytest

from pipeline.board.inbox import stream as stream_module
from pipeline.board.inbox.live import Live
from pipeline.board.inbox.stream import events
from tests.support.board_items import NOW, alert, case


class Reader:
    """Reads a stream of the cards of all alerts."""

    def __init__(self, live: Live, after: str = "") -> None:
        self.allowed = True
        self.stream = events(
            live,
            lambda: (live.ranked(NOW), {"views": str(len(live.ranked(NOW)))}),
            lambda item: f"{item.alert.id}/{item.alert.revision}",
            lambda: self.allowed,
            after,
        )

    async def next(self) -> tuple[str | None, Any]:
        """Return the next event that is no comment."""
        message = await asyncio.wait_for(anext(self.stream), 5)
        while message.event is None:
            message = await asyncio.wait_for(anext(self.stream), 5)
        data = message.data if isinstance(message.data, str) else ""
        return message.event, msgspec.json.decode(data) if data.startswith("{") else data


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "GATHER", 0.0)
    monkeypatch.setattr(stream_module, "HEARTBEAT", 0.01)


@pytest.mark.usefixtures("_quick")
async def test_a_stream_brings_what_the_page_has_not() -> None:
    live = Live()
    live.take([alert("a")], [case(alert("a"))])
    reader = Reader(live, after=live.version)
    assert (await reader.next())[0] == "ready"
    live.take([alert("b", risk=0.9)], [case(alert("b"))])
    assert await reader.next() == (
        "change",
        {"order": ["case-b", "case-a"], "cards": {"case-b": "b/1"}, "parts": {"views": "2"}},
    )
    live.take([alert("a", revision=2, state="resolved")])
    _, change = await reader.next()
    assert (change["order"], change["cards"]) == (["case-b", "case-a"], {"case-a": "a/2"})


@pytest.mark.usefixtures("_quick")
async def test_a_stream_brings_all_to_a_page_that_is_older() -> None:
    live = Live()
    live.take([alert("a")], [case(alert("a"))])
    version = live.version
    live.take([alert("a", revision=2)])
    reader = Reader(live, after=version)
    await reader.next()
    assert (await reader.next())[1]["cards"] == {"case-a": "a/2"}


@pytest.mark.usefixtures("_quick")
async def test_a_stream_ends_with_the_login() -> None:
    reader = Reader(Live())
    await reader.next()
    reader.allowed = False
    assert (await reader.next())[0] == "login"
