"""Up to when all events of a partition are known."""

from datetime import UTC, datetime, timedelta

from agents.processors.passed_time import PassedTime
from agents.runtime.messages import Message
from pipeline.common.epoch_micros import to_micros
from pipeline.contracts.topology import SCORED
from pipeline.detection.fold import BEGINNING
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import START, event

NOW = START + timedelta(days=30)
HOUR = timedelta(hours=1)


def passed(hours: float, *, read_all: bool, received: datetime | None = None) -> datetime | None:
    """The time known after one event so many hours after the start, received then or later."""
    time = PassedTime(lambda: NOW, lambda *_: read_all)
    scored = event("e1", EventType.VISIT, hours)
    if received:
        scored = type(scored)(scored.event, None, received)
    time.observe([(message(scored), scored)])
    return known(time)


def message(scored: Scored, offset: int = 0) -> Message:
    return Message(SCORED, 0, offset, b"c1", b"", scored.received_at, scored.received_at)


def known(time: PassedTime) -> datetime | None:
    at = time.passed(0)
    return None if at == BEGINNING else datetime.fromtimestamp(at / 1e6, UTC)


def test_with_nothing_unread_it_is_now() -> None:
    assert passed(3, read_all=True) == NOW
    assert known(PassedTime(lambda: NOW, lambda *_: True)) == NOW


def test_in_a_backlog_it_is_what_the_last_message_read_says() -> None:
    assert passed(3, read_all=False) == START + 3 * HOUR
    assert known(PassedTime(lambda: NOW, lambda *_: False)) is None


def test_a_replayed_month_runs_in_the_time_of_that_month() -> None:
    assert passed(3, read_all=True, received=NOW) == START + 3 * HOUR


def test_the_event_that_was_the_least_late_tells_the_time() -> None:
    time = PassedTime(lambda: NOW, lambda *_: True)
    for name, late in (("e1", 48), ("e2", 2), ("e3", 24)):
        one = event(name, EventType.VISIT, 1)
        came = type(one)(one.event, None, one.event.occurred_at + late * HOUR)
        time.observe([(message(came), came)])
    assert time.passed(0) == to_micros(NOW - 2 * HOUR)
