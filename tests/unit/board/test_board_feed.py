"""What fills the inbox: messages of the topics, and the store."""

import asyncio
import threading
from contextlib import nullcontext, suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import pytest

from pipeline.board.inbox import feed as feed_module
from pipeline.board.inbox.feed import TOPICS, Feed, FeedDependencies, load, take
from pipeline.board.inbox.live import KEPT, Live
from pipeline.broker.security import Cluster
from pipeline.contracts.topology import ACTIONS, ALERTS, CASES
from pipeline.follow_up.case_progress import event_of
from pipeline.model.action import Action
from pipeline.model.alert import Alert, to_cloudevent
from pipeline.store import StoreUnavailable
from tests.support.board_items import MINUTE, NOW, action, alert, case
from tests.support.simulated_company import SLA, Company

NAME = "6f1d0b5a-0000-4000-8000-000000000001"
"""An id as alerts in messages have them."""

SETTLED = (action("acknowledge", minutes_ago=9), action("resolve", outcome="not_reached"))
LATER = NOW + KEPT + MINUTE


def test_messages_of_the_three_topics_are_taken_and_others_passed_over() -> None:
    live = Live()
    opened = alert(NAME)
    acknowledged = case(opened, stage="acknowledged", owner="ayşe")
    take(
        [
            (ACTIONS, msgspec.json.encode(action("acknowledge", alert_id=opened.id))),
            (CASES, msgspec.json.encode(event_of(acknowledged, "acknowledged"))),
            (ALERTS, b"{"),
            (ALERTS, to_cloudevent(opened)),
            (CASES, b"\xff"),
            (ACTIONS, b"[]"),
            (ACTIONS, b'{"x":' * 100_000 + b"1" + b"}" * 100_000),
            (
                ACTIONS,
                msgspec.json.encode(action("assign", assignee="a" * 129, alert_id=opened.id)),
            ),
        ],
        live,
    )
    found = live.get(opened.id)
    assert found is not None
    assert (found.stage, found.owner, len(found.actions)) == ("acknowledged", "ayşe", 1)


def company_with(*actions: Action, **fields: Any) -> Company:
    """A company with one alert, which stays open to `detect` whatever people did."""
    company = Company(lambda: NOW)
    company.happen([alert(**fields)])
    for one in actions:
        company.take(one)
    return company


def shown(company: Company, at: datetime, live: Live | None = None) -> dict[str, str]:
    """What the store brings to the inbox: the stage of each alert."""
    live = live or Live()
    load(company, live, at)  # type: ignore[arg-type]
    return {one.alert.id: one.stage for one in live.ranked(at)}


def test_a_case_whose_alerts_are_not_there_yet_waits() -> None:
    live = Live()
    late = alert("late")
    live.take(cases=[case(late, stage="acknowledged", revision=3)])
    assert live.get("late") is None
    live.take([late])
    found = live.get("late")
    assert found is not None
    assert found.stage == "acknowledged"


def test_what_people_settled_does_not_come_back_as_open() -> None:
    company = company_with(*SETTLED)
    assert company.alerts(states=["open"])
    assert shown(company, NOW) == {"a1": "resolved"}
    assert shown(company, LATER) == {}, "not at a start"
    assert shown(company, LATER, company.live) == {}
    assert shown(company, LATER, company.live) == {}, "nor a minute after it was dropped"


def test_what_expired_does_not_come_back_as_open() -> None:
    company = company_with(minutes_ago=(SLA.expire + 2 * KEPT) / MINUTE)
    assert company.alerts(states=["open"])
    assert shown(company, NOW) == {}


def test_more_risk_in_a_matter_that_was_settled_long_ago_asks_nobody_for_anything() -> None:
    company = company_with(name=NAME)
    for one in SETTLED:
        company.take(msgspec.structs.replace(one, alert_id=NAME))
    more = alert(NAME, revision=2, risk=0.9)
    company.happen([more])
    live = Live()
    assert take([(ALERTS, to_cloudevent(more))], live), "the store is to be asked"
    assert shown(company, LATER, live) == {}


def test_a_new_alert_needs_no_look_at_the_store() -> None:
    live = Live()
    new = alert(NAME)
    assert not take([(ALERTS, to_cloudevent(new))], live)
    more = msgspec.structs.replace(new, revision=2)
    assert not take([(ALERTS, to_cloudevent(more))], live), "it is known already"


def test_customers_to_inform_are_there_however_long_ago_their_matter_was_resolved() -> None:
    resolved = action("resolve", outcome="rescued")
    assert shown(company_with(resolved), NOW + 9 * KEPT) == {"a1": "resolved"}
    informed = action("inform", minutes_ago=0)
    assert shown(company_with(resolved, informed), NOW + 9 * KEPT) == {}


def test_what_waits_is_there_however_old_it_is() -> None:
    company = company_with(minutes_ago=2 * KEPT / MINUTE)
    assert shown(company, NOW) == {"a1": "open"}


def test_the_store_has_the_alerts_of_a_case_that_comes_alone() -> None:
    company = company_with(*SETTLED)
    (known,) = company.cases()
    after = msgspec.structs.replace(known, informed_at=LATER, revision=9, updated_at=LATER)
    live = Live()
    assert take([(CASES, msgspec.json.encode(event_of(after, "informed")))], live)
    assert shown(company, LATER, live) == {"a1": "resolved"}


class Topics:
    """Stands in for `Tail`: messages that the test puts."""

    topics = TOPICS

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[str, bytes]] = SimpleQueue()

    def put(self, of: Alert) -> None:
        self._queue.put((ALERTS, to_cloudevent(of)))
        if of.revision == 1:
            self._queue.put((CASES, msgspec.json.encode(event_of(case(of), "opened"))))

    def read(self, seconds: float) -> list[tuple[str, bytes]]:
        with suppress(Empty):
            return [self._queue.get(timeout=seconds)]
        return []


class Stored(Company):
    """A store that can be away, or say nothing for a while."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self.away = False
        self.answers = threading.Event()
        self.answers.set()
        self.looks = SimpleQueue[bool]()

    def inbox(self, since: datetime, limit: int) -> list[str]:
        self.looks.put(self.away)
        self.answers.wait(10)
        if self.away:
            raise StoreUnavailable("no ClickHouse")
        return super().inbox(since, limit)


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> Topics:
    topics = Topics()
    monkeypatch.setattr(feed_module, "Tail", lambda *_: nullcontext(topics))
    monkeypatch.setattr(feed_module, "AWAY", 0.01)
    return topics


async def stage(live: Live, name: str, expected: str) -> None:
    """Wait until the inbox has the alert in a stage."""
    with live.listening() as changed:
        async with asyncio.timeout(5):
            while not ((found := live.get(name)) and found.stage == expected):
                await changed.wait()
                changed.clear()


async def test_while_the_store_is_away_the_inbox_follows_the_topics(topics: Topics) -> None:
    live, store = Live(), Stored()
    store.happen([alert("stored")])
    store.away = True
    with Feed(Cluster(""), FeedDependencies(live, store, lambda: NOW)):  # type: ignore[arg-type]
        assert store.looks.get(timeout=5)
        topics.put(alert(NAME))
        await stage(live, NAME, "open")
        assert live.get("stored") is None
        store.away = False
        await stage(live, "stored", "open")


async def test_a_store_that_does_not_answer_holds_nothing_up(topics: Topics) -> None:
    live, store = Live(), Stored()
    store.answers.clear()
    with Feed(Cluster(""), FeedDependencies(live, store, lambda: NOW)):  # type: ignore[arg-type]
        store.looks.get(timeout=5)
        topics.put(alert(NAME))
        await stage(live, NAME, "open")
        store.answers.set()


async def test_how_far_a_matter_is_that_left_the_inbox_is_asked_at_once(topics: Topics) -> None:
    live, store = Live(), Stored()
    with Feed(Cluster(""), FeedDependencies(live, store, lambda: NOW)):  # type: ignore[arg-type]
        store.looks.get(timeout=5)
        store.happen([alert(NAME)])
        store.take(action("acknowledge", alert_id=NAME))
        topics.put(alert(NAME, revision=2, risk=0.9))
        await stage(live, NAME, "acknowledged")
