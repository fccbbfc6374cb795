"""What a customer does day by day: events feed habits, and the end of a day judges them."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.calendar.calendar import Calendar
from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.detection.entry import COUNTED, LogEntry
from pipeline.detection.habits.closing import State, closed, next_look
from pipeline.detection.habits.habit import Habit, with_value
from pipeline.detection.habits.limits import Measure
from pipeline.detection.habits.proof import Proof

HABITS = 6
"""Maximum number of a customer's habits, those that came up first."""

_EPOCH = date(1970, 1, 1)
_QUARTER = 15 * 60_000_000

Habits = Mapping[str, Habit]


class HabitNews(NamedTuple):
    """What the end of a day says of a habit; `proof` is None without a change or its end."""

    name: str
    state: State
    proof: Proof | None

    @property
    def told(self) -> str:
        """The change or recovery that is told, "" if nothing is."""
        return self.state if self.proof else ""


class _DaysOff:
    """Days on which nothing is expected: those on which the company is closed."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def __contains__(self, day: object) -> bool:
        return isinstance(day, int) and self._calendar.is_day_off(date_of(day))


def fed(habits: dict[str, Habit], entry: LogEntry, zone: ZoneInfo) -> dict[str, Habit]:
    """Return the habits with the values of an event."""
    for name, value in entry.amounts.items():
        if name in habits or len(habits) < HABITS:
            habit = habits.get(name, Habit())
            habits = {**habits, name: with_value(habit, day_of(entry.at, zone), value)}
    return habits


def judged_day(
    habits: Habits, name: str, day: int, calendar: Calendar
) -> tuple[dict[str, Habit], HabitNews]:
    """Return the habits after the end of a day, and what it says of one of them."""
    share = 1 / len(habits)
    end = closed(habits[name], day, _measure(name), _DaysOff(calendar), share)
    return {**habits, name: end.habit}, HabitNews(name, end.state, end.news)


def looks_again(habits: Habits, name: str, day: int) -> int | None:
    """Return the day at whose end a habit is judged next if nothing comes; None if never."""
    return next_look(habits[name], day, 1 / len(habits))


def is_changed(habits: Habits) -> bool:
    """Return whether a change of any habit lasts."""
    return any(habit.change for habit in habits.values())


def day_of(at: int, zone: ZoneInfo) -> int:
    """Return the local calendar day of a time, in days since 1970."""
    return _day_of_quarter(at // _QUARTER, zone)


@lru_cache(maxsize=4_096)
def _day_of_quarter(quarter: int, zone: ZoneInfo) -> int:
    """Return the day of a quarter of an hour: clocks are moved, and days begin, at these alone."""
    return (to_datetime(quarter * _QUARTER).astimezone(zone).date() - _EPOCH).days


def date_of(day: int) -> date:
    """Return the date of a day, given in days since 1970."""
    return _EPOCH + timedelta(days=day)


@lru_cache(maxsize=4_096)
def end_of(day: int, zone: ZoneInfo) -> int:
    """Return the time at which a local calendar day ends."""
    return to_micros(datetime.combine(date_of(day + 1), time(), zone))


def _measure(name: str) -> Measure:
    return "count" if name in COUNTED.values() else "amount"
