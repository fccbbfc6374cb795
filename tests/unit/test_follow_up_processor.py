"""The ledger of `follow_up`: what it publishes, and what a worker that is killed leaves behind."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import pytest

from agents.processors.follow_up_processor import FollowUpProcessor
from agents.runtime.state_store import StateKey
from pipeline.common.event_clock import EventClock
from pipeline.follow_up.case import CaseEvent
from pipeline.follow_up.state import ReceivedChange
from pipeline.follow_up.value import FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from tests.support import state_stores as states
from tests.support.follow_ups import SLA
from tests.support.notify_cases import ALERT_ID, MONDAY_NOON, alert
from tests.support.state_stores import FOREVER, Killed

NOON = MONDAY_NOON
HERE = StateKey(0, "m-1")
HIGH = alert(severity="high", opened_at=NOON)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


class World(states.World):
    """Also what was published, and the clock on the wall."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[FollowUpEvent] = []
        self.cases: list[CaseEvent] = []
        self.now = NOON

    def worker(self) -> FollowUpProcessor:
        return FollowUpProcessor(SLA, states.Table(self), self.publish, lambda: self.now)

    async def publish(self, events: Sequence[FollowUpEvent | CaseEvent]) -> None:
        await self.live()
        for event in events:
            if isinstance(event, CaseEvent):
                self.cases.append(event)
            else:
                self.published.append(event)

    def kinds(self) -> list[str]:
        return [one.type.rpartition(".")[2] for one in self.published]


def came(change: Alert | Action, minutes: float = 0) -> dict[StateKey, list[ReceivedChange]]:
    return {HERE: [ReceivedChange(change, at(minutes))]}


def taken_on(minutes: float) -> Action:
    return Action("x1", ALERT_ID, "m-1", "acknowledge", "ayse", at(minutes))


async def test_what_is_done_and_what_is_missed_is_published_as_it_happens() -> None:
    world = World()
    ledger = world.worker()
    await ledger.process(came(HIGH))
    await ledger.process(came(taken_on(5), 5))
    world.now = at(239)
    await ledger.advance()
    assert world.kinds() == ["opened", "acknowledged"]
    world.now = at(240)
    await ledger.advance()
    assert world.kinds() == ["opened", "acknowledged", "escalated"]
    assert [one.data.revision for one in world.published] == [1, 2, 3]
    await ledger.advance()
    assert len(world.published) == 3


async def test_what_is_delivered_again_is_not_published_again() -> None:
    world = World()
    ledger = world.worker()
    for _ in range(2):
        await ledger.process(came(HIGH))
        await ledger.process(came(taken_on(5), 5))
    assert world.kinds() == ["opened", "acknowledged"]


@pytest.mark.parametrize("steps", range(6))
async def test_a_worker_that_is_killed_anywhere_publishes_the_same_once_more_at_most(
    steps: int,
) -> None:
    world = World()
    world.steps_to_live = steps
    ledger = world.worker()
    with suppress(Killed):
        await ledger.process(came(HIGH))
        await ledger.process(came(taken_on(5), 5))
    world.steps_to_live = FOREVER
    world.now = at(300)  # the SLA has ended meanwhile
    again = world.worker()
    await again.restore()
    await again.process(came(HIGH))
    await again.process(came(taken_on(5), 5))
    await again.advance()
    changes = {(one.id, one.data.revision): one for one in world.published}
    assert [number for _, number in changes] == [1, 2, 3]
    assert [one.type.rpartition(".")[2] for one in changes.values()] == [
        "opened",
        "acknowledged",
        "escalated",
    ]
    cases = {(event.id, event.data.revision): event for event in world.cases}
    assert [number for _, number in cases] == [1, 2, 3]
    assert len({event.data.case_id for event in world.cases}) == 1


async def test_the_state_of_a_version_without_cases_has_them_published_at_once() -> None:
    world = World()
    await world.worker().process(came(HIGH))
    (case,) = world.cases
    stored = msgspec.json.decode(world.states[HERE])
    del stored["customer_cases"], stored["cases"][0]["case_id"]
    world.states[HERE] = msgspec.json.encode(stored)
    world.cases.clear()
    again = world.worker()
    await again.restore()
    await again.advance()
    assert world.cases == [case]
    await again.advance()
    assert len(world.cases) == 1


async def test_a_worker_that_comes_back_knows_what_time_it_is_by_the_events() -> None:
    world = World()
    await world.worker().process(came(HIGH, minutes=10))  # came ten minutes late
    again = world.worker()
    await again.restore()
    world.now = at(69)
    await again.advance()
    assert world.kinds() == ["opened"]
    world.now = at(70)
    await again.advance()
    assert world.kinds() == ["opened", "escalated"]


async def test_partitions_that_went_to_another_worker_are_left_alone() -> None:
    world = World()
    ledger = world.worker()
    await ledger.process(came(HIGH))
    await ledger.release()
    world.now = at(500)
    await ledger.advance()
    assert world.kinds() == ["opened"]


async def test_what_ended_long_ago_is_forgotten() -> None:
    world = World()
    ledger = world.worker()
    closed = alert(2, at(30), severity="high", state="resolved", closed_at=at(30))
    await ledger.process(came(HIGH))
    await ledger.process(came(closed, 30))
    assert ALERT_ID.encode() in world.states[HERE]
    world.now = NOON + timedelta(days=31)
    await ledger.advance()
    assert ALERT_ID.encode() not in world.states[HERE]
    assert world.kinds() == ["opened", "resolved"]


def test_the_clock_of_events_follows_what_came_soonest() -> None:
    clock = EventClock()
    assert clock.at(NOON) is None
    clock.observe(timedelta(days=1))
    clock.observe(timedelta(hours=2))
    clock.observe(timedelta(hours=5))
    assert clock.at(NOON) == NOON - timedelta(hours=2)
    clock.observe(timedelta(minutes=-5))  # a clock that runs ahead
    assert clock.at(NOON) == NOON
