"""When what the company promised in words is due."""

from datetime import date, datetime, time, timedelta
from typing import Final

from pipeline.calendar.calendar import Calendar
from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.model.reading import Promise

UNNAMED: Final = timedelta(hours=24)
"""How long a promise without a time may take."""
_DAY: Final = timedelta(days=1)
_FURTHEST: Final = 366
"""Most days ahead: who promises more means no day."""


def due_at(promise: Promise, said_at: int, calendar: Calendar) -> int:
    """Return when a promise is due, in epoch microseconds; days last until they end.

    `said_at` is when it was made, `calendar` that of the customer's brand.
    """
    said = to_datetime(said_at).astimezone(calendar.zone)
    if promise.hours is not None:
        return said_at + to_micros_of(timedelta(hours=promise.hours))
    day = _day(promise, said.date(), calendar)
    if day is None:
        return said_at + to_micros_of(UNNAMED)
    return to_micros(datetime.combine(day + _DAY, time(), calendar.zone))


def to_micros_of(span: timedelta) -> int:
    """Return a span in microseconds."""
    return span // timedelta(microseconds=1)


def _day(promise: Promise, today: date, calendar: Calendar) -> date | None:
    if promise.days is not None:
        days = min(promise.days, _FURTHEST)
        return _working_day(today, days, calendar) if promise.working else today + days * _DAY
    if promise.weekday is not None:
        return today + (promise.weekday - today.weekday()) % 7 * _DAY
    if promise.date is not None:
        month, number = map(int, promise.date.split("-"))
        return _next(today, month, number)
    return None


def _working_day(today: date, days: int, calendar: Calendar) -> date:
    """Return the day so many business days ahead; for 0 the next business day, today included."""
    day = today
    while days > 0 or not calendar.is_business_day(day):
        day += _DAY
        days -= calendar.is_business_day(day)
        if (day - today).days > 2 * _FURTHEST:
            return day  # a calendar without business days
    return day


def _next(today: date, month: int, number: int) -> date | None:
    """Return the next such date, today included; None if no year has it."""
    for year in range(today.year, today.year + 5):
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        if day >= today:
            return day
    return None
