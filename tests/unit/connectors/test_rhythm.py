"""How long a source may be silent: by its own rhythm, not by the clock."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pipeline.connectors.watch.rhythm import patience, quarter_of

ISTANBUL = ZoneInfo("Europe/Istanbul")
MONDAY = datetime(2026, 11, 16, 0, 0, tzinfo=ISTANBUL)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def may_be_silent(times: Iterable[datetime], last: datetime) -> timedelta | None:
    spoken = {quarter_of(at) for at in (*times, last) if at <= last}
    return patience(spoken, MONDAY, last, ISTANBUL)


def of_office_hours() -> list[datetime]:
    """Every ten minutes from nine to six, Monday to Friday of a week."""
    return [
        MONDAY + day * DAY + timedelta(hours=9, minutes=minute)
        for day in range(5)
        for minute in range(0, 9 * 60, 10)
    ]


def test_a_source_of_office_hours_may_be_silent_at_night_and_over_the_weekend() -> None:
    friday_evening = MONDAY + 4 * DAY + timedelta(hours=17, minutes=50)
    allowed = may_be_silent(of_office_hours(), friday_evening)
    assert allowed is not None
    monday_morning = MONDAY + 7 * DAY + 9 * HOUR
    assert monday_morning < friday_evening + allowed <= monday_morning + 2 * HOUR


def test_at_noon_its_silence_is_told_within_two_hours() -> None:
    thursday_noon = MONDAY + 3 * DAY + 12 * HOUR
    allowed = may_be_silent(of_office_hours(), thursday_noon)
    assert allowed is not None
    assert HOUR / 2 < allowed <= 2 * HOUR


def test_a_source_of_once_a_day_is_not_silent_the_day_after() -> None:
    nights = [MONDAY + day * DAY + 3 * HOUR for day in range(5)]
    allowed = may_be_silent(nights, nights[-1])
    assert allowed is None or allowed > 2 * DAY


def test_of_hours_of_which_nothing_is_known_nothing_is_expected() -> None:
    begin = MONDAY + 9 * HOUR
    morning = [begin + timedelta(minutes=minute) for minute in range(0, 120, 5)]
    allowed = may_be_silent(morning, morning[-1])
    assert allowed is None or morning[-1] + allowed > MONDAY + DAY + 9 * HOUR


@given(
    st.lists(st.integers(0, 8 * 24 * 60), min_size=1, max_size=300),
    st.sampled_from([UTC, ISTANBUL, ZoneInfo("America/New_York")]),
)
def test_patience_ends_after_the_last_delivery_if_at_all(
    minutes: list[int], zone: ZoneInfo
) -> None:
    times = [MONDAY + timedelta(minutes=minute) for minute in minutes]
    allowed = patience({quarter_of(at) for at in times}, min(times), max(times), zone)
    assert allowed is None or timedelta(0) < allowed <= 9 * DAY
