"""What is due when: a table of customers, without a clock, a loop or a channel."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from agents.processors.schedule import PendingDelivery, Schedule
from agents.runtime.state_store import StateKey
from pipeline.model.alert import Alert
from pipeline.notify.due import with_receipt
from pipeline.notify.fold import fold
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import NotificationState
from tests.support.notify_cases import ALERT_ID, MONDAY_NIGHT, MONDAY_NOON, Published, alert

CUSTOMER = StateKey(0, "m-1")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def schedule(ours: RoutingTable) -> Schedule:
    return Schedule(ours, ("am", "chat"), ("am",))


def change(schedule: Schedule, ours: RoutingTable, now: datetime, *changes: Alert) -> None:
    before = schedule.get(CUSTOMER) or NotificationState()
    schedule.put(CUSTOMER, fold(before, Published()(*changes), ours, now))


def save(schedule: Schedule) -> None:
    schedule.unsaved()
    schedule.saved()


def confirm(schedule: Schedule, pending: PendingDelivery, now: datetime) -> None:
    """Have a channel take a message."""
    schedule.done(pending)
    state = schedule.get(CUSTOMER)
    assert state
    thread = state.thread(ALERT_ID)
    assert thread
    after = with_receipt(thread, pending.delivery, pending.thread, now)
    schedule.put(CUSTOMER, state.having(after))
    save(schedule)


def told(found: Sequence[PendingDelivery]) -> list[tuple[str, str]]:
    return [(pending.delivery.channel, pending.delivery.kind) for pending in found]


def test_nothing_is_due_of_a_state_before_it_is_saved(
    schedule: Schedule, ours: RoutingTable
) -> None:
    change(schedule, ours, MONDAY_NOON, alert())
    assert schedule.due(MONDAY_NOON) == []
    assert [*schedule.unsaved()] == [CUSTOMER]
    assert schedule.due(MONDAY_NOON) == []
    schedule.saved()
    assert told(schedule.due(MONDAY_NOON)) == [("am", "opened"), ("chat", "opened")]


def test_a_state_that_changes_while_it_is_saved_is_saved_again_first(
    schedule: Schedule, ours: RoutingTable
) -> None:
    change(schedule, ours, MONDAY_NOON, alert())
    schedule.unsaved()
    change(schedule, ours, MONDAY_NOON, alert(2, quote="Yeter!"))
    schedule.saved()
    assert schedule.due(MONDAY_NOON) == []
    save(schedule)
    assert len(schedule.due(MONDAY_NOON)) == 2


def test_what_is_being_sent_is_not_due_again_until_it_is_done(
    schedule: Schedule, ours: RoutingTable
) -> None:
    change(schedule, ours, MONDAY_NOON, alert())
    save(schedule)
    to_am, to_chat = schedule.due(MONDAY_NOON)
    change(schedule, ours, MONDAY_NOON, alert(2, state="resolved"))
    save(schedule)
    assert schedule.due(MONDAY_NOON + MINUTE) == []
    confirm(schedule, to_chat, MONDAY_NOON + MINUTE)
    assert told(schedule.due(MONDAY_NOON + MINUTE)) == [("chat", "resolved")]
    schedule.done(to_am)  # it failed, and nothing of it was kept
    save(schedule)
    change(schedule, ours, MONDAY_NOON, alert(3, state="resolved"))
    save(schedule)
    assert told(schedule.due(MONDAY_NOON + MINUTE)) == [("am", "opened")]


def test_what_waits_for_the_morning_is_due_then(schedule: Schedule, ours: RoutingTable) -> None:
    change(schedule, ours, MONDAY_NIGHT, alert(at=MONDAY_NIGHT))
    save(schedule)
    (to_am,) = schedule.due(MONDAY_NIGHT)
    confirm(schedule, to_am, MONDAY_NIGHT)
    assert schedule.due(MONDAY_NIGHT + 8 * 60 * MINUTE) == []
    (held,) = schedule.due(MONDAY_NIGHT + 9 * 60 * MINUTE)
    assert (held.delivery.channel, held.delivery.digest) == ("chat", True)


def test_a_customer_is_evicted_once_no_channel_has_the_alert_open(
    schedule: Schedule, ours: RoutingTable
) -> None:
    change(schedule, ours, MONDAY_NOON, alert())
    save(schedule)
    for pending in schedule.due(MONDAY_NOON):
        confirm(schedule, pending, MONDAY_NOON)
    assert schedule.due(MONDAY_NOON + MINUTE) == []
    assert [thread.id for thread in schedule.open_in("am")] == [ALERT_ID]
    change(schedule, ours, MONDAY_NOON, alert(2, state="resolved"))
    save(schedule)
    for pending in schedule.due(MONDAY_NOON + MINUTE):
        confirm(schedule, pending, MONDAY_NOON + MINUTE)
    assert [*schedule.open_in("am")] == []
    assert schedule.get(CUSTOMER) is None


def test_a_worker_that_is_given_the_partition_back_begins_with_the_kept_state(
    schedule: Schedule, ours: RoutingTable
) -> None:
    change(schedule, ours, MONDAY_NOON, alert())
    state = schedule.unsaved()[CUSTOMER]
    schedule.clear()  # while it was being saved
    schedule.saved()
    assert schedule.get(CUSTOMER) is None
    schedule.restore(CUSTOMER, state)
    assert len(schedule.due(MONDAY_NOON)) == 2
