"""What counts as received: the broker's stamp, or a producer's that can be true."""

from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from agents.runtime.messages import Message, messages_of
from pipeline.broker.stamps import BY_BROKER, CLOCKS_APART, LONGEST_KEPT, received_at

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1_000)
BY_PRODUCER = 0
MINUTE = 60_000
INT64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)


@pytest.mark.parametrize("kind", [BY_PRODUCER, BY_BROKER, None])
@pytest.mark.parametrize(
    "stamp",
    [-1, 0, 1_000, -99_999_999_999_999, NOW_MS // 1_000, NOW_MS * 1_000, 2**63 - 1, -(2**63)],
    ids=["none", "zero", "second-1", "negative", "seconds", "microseconds", "largest", "least"],
)
def test_a_stamp_that_cannot_be_true_is_as_none(stamp: int, kind: int | None) -> None:
    assert received_at(stamp, kind, NOW) == NOW


def test_a_backlog_keeps_the_time_at_which_it_came() -> None:
    for kind in (BY_PRODUCER, BY_BROKER):
        assert received_at(NOW_MS - 90 * MINUTE, kind, NOW) == NOW - timedelta(minutes=90)


def test_the_broker_may_be_ahead_of_us_and_a_producer_may_not() -> None:
    ahead = NOW_MS + 5 * MINUTE
    assert received_at(ahead, BY_BROKER, NOW) == NOW + timedelta(minutes=5)
    assert received_at(ahead, BY_PRODUCER, NOW) == NOW


@given(INT64, st.sampled_from([BY_PRODUCER, BY_BROKER, None]))
def test_every_stamp_gives_a_time_that_can_be_true(stamp: int, kind: int | None) -> None:
    assert NOW - LONGEST_KEPT <= received_at(stamp, kind, NOW) <= NOW + CLOCKS_APART


def message(stamp: int, kind: int) -> Message:
    record = ConsumerRecord("t", 0, 0, stamp, kind, b"k", b"v", None, 1, 1, ())

    class Fetch:
        value = (record,)

    (only,) = messages_of(Fetch(), NOW)  # type: ignore[arg-type]
    return only


def test_contents_are_checked_by_the_brokers_clock_or_else_by_ours() -> None:
    """A source dates its events by the clock by which it stamps, so its stamp proves nothing."""
    before = NOW_MS - 60 * MINUTE
    assert message(before, BY_BROKER).clock == NOW - timedelta(hours=1)
    assert message(before, BY_PRODUCER).clock == NOW
