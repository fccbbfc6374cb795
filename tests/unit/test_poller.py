"""The poller: everything that a source has, once, whatever fails in between."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from agents.processors import questions as module
from agents.processors.polled import Asked, Source
from agents.processors.poller import Poller
from agents.processors.questions import Questions
from agents.processors.translation import LookUp
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.outcome import Answer, Request
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook
from tests.support.state_stores import Table, World

NOON = datetime(2026, 3, 2, 9, tzinfo=UTC)
MAPPING = """
system: shop
title: {tr: Mağaza, en: Shop}
transports: [poll]
settings:
  seller: {meaning: {tr: Satıcı, en: Seller}}
polls:
  questions:
    url: https://api.example/{connection.seller}
    query: {from: "{since | unix_s}", to: "{until | unix_s}", page: "{page}"}
    items: body.items
    page: 0
    next: "{page | plus(1)}"
    first: 2d
    overlap: 1h
    longest: 1d
things:
  - each: {item: "body.items[]"}
    events:
      - {id: "{item.id}", type: review, occurred_at: "{item.at | epoch_s}",
         customer_id: "{item.id}", channel: app, text: "{item.text}"}
"""
FIXTURE = {
    "system": "shop",
    "transport": "poll",
    "body": {"items": [{"id": 1, "at": 1_772_400_000, "text": "iyi"}]},
    "expect": {"outcome": "events", "events": [{}]},
}
SIZE = 2


class Shop:
    """A source: its entries by time, in pages; `problems` are answered before them."""

    def __init__(self) -> None:
        self.now = NOON
        self.entries: dict[int, datetime] = {}
        self.asked: list[dict[str, str]] = []
        self.problems: list[str] = []
        self.repeats = False

    async def ask(self, wanted: LookUp, _until: datetime) -> Mapping[Request, Answer]:
        (request,) = wanted.requests
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.url).query).items()}
        self.asked.append(query)
        if self.problems:
            return {request: Answer(None, self.problems.pop(0))}
        since, until = (datetime.fromtimestamp(int(query[key]), UTC) for key in ("from", "to"))
        seen = sorted(number for number, at in self.entries.items() if since <= at <= until)
        start = 0 if self.repeats else int(query["page"]) * SIZE
        items = [{"id": one, "at": 1, "text": "x"} for one in seen[start : start + SIZE]]
        return {request: Answer({"items": items})}


class Play:
    """A poller, and what it delivered."""

    def __init__(self, folder: Path) -> None:
        self.shop, self.world = Shop(), World()
        self.delivered: list[int] = []
        self.bodies = 0
        system = folder / "connectors" / "shop"
        (system / "fixtures").mkdir(parents=True)
        (system / "mapping.yaml").write_text(MAPPING)
        (system / "fixtures" / "page.json").write_bytes(msgspec.json.encode(FIXTURE))
        file = folder / "connections.yaml"
        file.write_text('connections: [{name: shop, system: shop, seller: "7"}]')
        self.book = ConnectionBook(file, MappingBook(folder / "connectors"))
        self.start()

    def start(self) -> None:
        questions = Questions(self.shop.ask, self.deliver, self.now)
        self.poller = Poller(self.book, Table(self.world), lambda _: 3, questions.ask, self.now)
        self.poller.restore({3})

    def now(self) -> datetime:
        return self.shop.now

    async def deliver(self, delivery: Delivery) -> None:
        await self.world.live()
        self.bodies += 1
        self.delivered += [item["id"] for item in msgspec.json.decode(delivery.body)["items"]]

    async def turn(self, minutes: float = 0) -> None:
        """Let time pass, and all that is due be asked."""
        self.shop.now += timedelta(minutes=minutes)
        await self.poller.advance()
        await asyncio.gather(*self.poller._asking.values(), return_exceptions=True)


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


async def test_all_pages_of_all_spans_are_delivered(play: Play) -> None:
    play.shop.entries = {n: NOON - timedelta(hours=46 - 9 * n) for n in range(6)}
    await play.turn()
    assert sorted(set(play.delivered)) == [*range(6)]
    spans = [int(query["to"]) - int(query["from"]) for query in play.shop.asked]
    assert max(spans) <= 86_400


async def test_a_source_is_asked_when_it_is_due_and_at_once_where_somebody_wants_it(
    play: Play,
) -> None:
    await play.turn()
    asked = len(play.shop.asked)
    await play.turn(4)
    assert len(play.shop.asked) == asked
    await play.turn(1)
    assert len(play.shop.asked) == asked + 1
    play.poller.ask_at_once(["shop", "no such"])
    await play.turn()
    assert len(play.shop.asked) == asked + 2
    await play.turn()
    assert len(play.shop.asked) == asked + 2


async def test_what_is_answered_again_as_it_was_is_not_delivered_again(play: Play) -> None:
    play.shop.entries = {1: NOON - timedelta(minutes=1)}
    await play.turn()
    bodies = play.bodies
    await play.turn(5)
    assert play.bodies == bodies
    play.shop.entries[2] = NOON
    await play.turn(5)
    assert play.delivered[-2:] == [1, 2]


async def test_what_comes_late_within_the_overlap_is_found(play: Play) -> None:
    await play.turn()
    play.shop.entries[7] = NOON - timedelta(minutes=40)
    await play.turn(5)
    assert play.delivered == [7]


async def test_a_question_that_failed_is_asked_again_from_its_beginning(play: Play) -> None:
    play.shop.entries = dict.fromkeys(range(3), NOON)
    play.shop.problems = ["api.example answers 503"]
    await play.turn()
    assert play.delivered == []
    await play.turn(4)
    assert play.delivered == []
    await play.turn(1)
    assert play.delivered == [0, 1, 2]


async def test_a_source_that_does_not_turn_its_pages_is_given_up(play: Play) -> None:
    play.shop.repeats = True
    play.shop.entries = dict.fromkeys(range(3), NOON - timedelta(hours=47))
    await play.turn()
    assert len(play.shop.asked) < 10
    assert not play.world.states


async def test_a_worker_asks_only_the_connections_of_its_partitions(play: Play) -> None:
    play.poller.restore({0, 1, 2})
    await play.turn()
    assert play.shop.asked == []


async def test_what_is_asked_ends_with_the_partition(play: Play) -> None:
    never: Callable[[], Awaitable[Any]] = asyncio.Event().wait

    async def ask(source: Source, asked: Asked | None) -> tuple[Asked, bool]:
        await never()
        return Asked(NOON, NOON), False

    play.poller._ask = ask
    await play.poller.advance()
    (task,) = play.poller._asking.values()
    await play.poller.release()
    await asyncio.wait([task])
    assert task.cancelled()
    await play.poller.advance()
    assert not play.poller._asking


async def test_a_worker_that_is_killed_anywhere_loses_nothing(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(error: BaseException) -> None:
        raise error

    monkeypatch.setattr("agents.runtime.crash.crash", crash)
    play.shop.entries = {n: NOON - timedelta(hours=2 * n) for n in range(9)}
    for steps in range(12):
        play.world.steps_to_live = steps % 4
        play.start()
        await play.poller.advance()
        await asyncio.wait([*play.poller._asking.values()] or [asyncio.ensure_future(_nothing())])
    play.world.steps_to_live = 10**6
    play.start()
    await play.turn(5)
    assert {*play.delivered} == {*range(9)}


async def _nothing() -> None:
    pass


async def test_an_answer_that_is_too_large_is_not_sent(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 20)
    play.shop.entries = {1: NOON}
    await play.turn()
    assert play.delivered == []
