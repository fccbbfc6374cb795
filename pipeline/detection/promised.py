"""When what the company promised in words is due."""

from calendar import monthrange
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
_MONTHS: Final = 12
_CLOSE: Final = "close"


def due_at(promise: Promise, said_at: int, calendar: Calendar) -> int:
    """Return when a promise is due, in epoch microseconds; days last until they end.

    `said_at` is when it was made, `calendar` that of the customer's brand. A time of a day that has
    passed by then means the end of that day.
    """
    said = to_datetime(said_at).astimezone(calendar.zone)
    if promise.hours is not None:
        span = timedelta(hours=promise.hours)
        if promise.working and calendar.is_business_day(_working_day(said.date(), 0, calendar)):
            return to_micros(calendar.add(said, span))
        return said_at + to_micros_of(span)
    if not promise.names_time:
        return said_at + to_micros_of(UNNAMED)
    day = _day(promise, said.date(), calendar)
    if promise.clock == _CLOSE:
        return to_micros(_closing(day or said.date(), said, calendar))
    if promise.clock:
        clock = time.fromisoformat(promise.clock)
        at = datetime.combine(day or said.date(), clock, calendar.zone)
        if day is None and at <= said:
            at = datetime.combine(said.date() + _DAY, clock, calendar.zone)
        if at > said:
            return to_micros(at)
    return to_micros(datetime.combine((day or said.date()) + _DAY, time(), calendar.zone))


def to_micros_of(span: timedelta) -> int:
    """Return a span in microseconds."""
    return span // timedelta(microseconds=1)


def _day(promise: Promise, today: date, calendar: Calendar) -> date | None:
    """Return the day that a promise names; None for a time of day alone."""
    days = min(promise.days or 0, _FURTHEST)
    if promise.weekday is not None:
        first = today + days * _DAY
        if promise.weeks is not None:
            first = today + (7 * promise.weeks - today.weekday()) * _DAY
        return first + (promise.weekday - first.weekday()) % 7 * _DAY
    if promise.days is not None:
        return _working_day(today, days, calendar) if promise.working else today + days * _DAY
    if promise.date is not None:
        month, number = map(int, promise.date.split("-"))
        return next(day for year in (0, 1) if (day := _on(today, year, month, number)) >= today)
    if promise.months is not None:
        month = today.month + min(promise.months, _MONTHS)
        return _on(today, 0, month, promise.monthday or today.day)
    if promise.monthday is not None:
        days_of_month = (_on(today, 0, today.month + ahead, promise.monthday) for ahead in (0, 1))
        return next(day for day in days_of_month if day >= today)
    return None


def _on(today: date, years: int, month: int, number: int) -> date:
    """Return the day of a month of a year so many ahead; no later than the month's last.

    Months above 12 are those of the year after.
    """
    year, month = today.year + years + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(number, monthrange(year, month)[1]))


def _closing(day: date, said: datetime, calendar: Calendar) -> datetime:
    """Return when business hours end on a day, or next after that."""
    closes: datetime | None = None
    while closes is None or closes <= said:
        day = _working_day(day, 0, calendar)
        closes = calendar.closes_on(day) or datetime.combine(day + _DAY, time(), calendar.zone)
        day += _DAY
    return closes


def _working_day(today: date, days: int, calendar: Calendar) -> date:
    """Return the day so many business days ahead; for 0 the next business day, today included."""
    day = today
    while days > 0 or not calendar.is_business_day(day):
        day += _DAY
        days -= calendar.is_business_day(day)
        if (day - today).days > 2 * _FURTHEST:
            return day  # a calendar without business days
    return day
