"""When what was promised in words is due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calendar.calendar import Calendar
from pipeline.calendar.hours import Hours
from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.detection.promised import due_at
from pipeline.model.reading import Promise

ISTANBUL = ZoneInfo("Europe/Istanbul")
OFFICE = Calendar(ISTANBUL, (Hours("09:00", "18:00", ("mon", "tue", "wed", "thu", "fri")),))
TUESDAY = datetime(2026, 11, 3, 10, tzinfo=ISTANBUL)


def due(said: datetime = TUESDAY, calendar: Calendar = OFFICE, **time: object) -> str:
    """Return when a promise of a time is due, as `MM-DD HH:MM` in Istanbul."""
    given = {"hours": None, "days": None, "working": False, **time}
    promise = Promise(what="callback", start=0, end=1, **given)  # type: ignore[arg-type]
    at = to_datetime(due_at(promise, to_micros(said), calendar))
    return at.astimezone(ISTANBUL).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({}, "11-04 10:00"),
        ({"hours": 1.5}, "11-03 11:30"),
        ({"clock": "16:00"}, "11-03 16:00"),
        ({"clock": "09:00"}, "11-04 09:00"),
        ({"days": 0, "clock": "09:00"}, "11-04 00:00"),
        ({"days": 1, "clock": "17:00"}, "11-04 17:00"),
        ({"weekday": 4, "clock": "12:00"}, "11-06 12:00"),
        ({"weekday": 1}, "11-04 00:00"),
        ({"weekday": 1, "days": 1}, "11-11 00:00"),
        ({"weekday": 4, "weeks": 1}, "11-14 00:00"),
        ({"weekday": 6, "weeks": 1}, "11-16 00:00"),
        ({"date": "11-15"}, "11-16 00:00"),
        ({"date": "11-31"}, "12-01 00:00"),
        ({"monthday": 20}, "11-21 00:00"),
        ({"monthday": 2}, "12-03 00:00"),
        ({"months": 1}, "12-04 00:00"),
        ({"months": 0, "monthday": 31}, "12-01 00:00"),
        ({"months": 1, "monthday": 31}, "01-01 00:00"),
        ({"clock": "close"}, "11-03 18:00"),
        ({"days": 1, "clock": "close"}, "11-04 18:00"),
        ({"hours": 3, "working": True}, "11-03 13:00"),
        ({"days": 3, "working": True}, "11-07 00:00"),
    ],
)
def test_a_time_is_the_latest_that_its_words_mean(time: dict[str, object], expected: str) -> None:
    assert due(**time) == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({"clock": "close"}, "11-09 18:00"),
        ({"days": 0, "clock": "close"}, "11-09 18:00"),
        ({"hours": 2, "working": True}, "11-09 11:00"),
        ({"weekday": 4}, "11-14 00:00"),
    ],
)
def test_business_hours_wait_for_monday(time: dict[str, object], expected: str) -> None:
    assert due(datetime(2026, 11, 7, 12, tzinfo=ISTANBUL), **time) == expected


def test_a_company_that_never_works_has_no_business_hours() -> None:
    never = Calendar(ISTANBUL, ())
    assert due(calendar=never, hours=2, working=True) == "11-03 12:00"
    assert due(calendar=never, clock="close")


_DAYS = st.fixed_dictionaries(
    {},
    optional={
        "days": st.integers(0, 999),
        "weekday": st.integers(0, 6),
        "weeks": st.integers(1, 4),
        "months": st.integers(0, 99),
        "monthday": st.integers(1, 31),
        "date": st.dates().map(lambda day: f"{day:%m-%d}"),
        "clock": st.times().map(lambda time: f"{time:%H:%M}") | st.just("close"),
        "working": st.booleans(),
    },
)
_MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(_DAYS, _MOMENTS)
def test_nothing_is_due_before_it_is_promised(time: dict[str, object], said: datetime) -> None:
    # The day of this month may have passed where its number is said with the month.
    if time.get("months") == 0:
        time = {**time, "monthday": 31}
    given = {"hours": None, "days": None, "working": False, **time}
    promise = Promise(what="callback", start=0, end=1, **given)  # type: ignore[arg-type]
    due = to_datetime(due_at(promise, to_micros(said), OFFICE))
    assert said < due < said + timedelta(days=3 * 366)
