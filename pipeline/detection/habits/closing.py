"""The end of a day: which change of a habit is more than chance, told once, and when it is back.

A day with a value may show that the level fell or is back, one without that silence is too long.
Each test has its share of one budget, of false alarms a customer and month.
"""

from bisect import bisect_left
from collections.abc import Container, Iterable, Mapping
from math import sqrt
from operator import sub
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from pipeline.detection.habits.habit import REMEMBERED, Change, Habit
from pipeline.detection.habits.level import fall_of, level_of, needed, scaled, unscaled
from pipeline.detection.habits.limits import LIMITS, Measure
from pipeline.detection.habits.proof import Kind, Proof, curve
from pipeline.detection.habits.silence import Pace, chance_of, expected, pace_of

State = Kind | Literal["recovered", "steady", "too_little"]
"""A change that is told or lasts, its end, nothing unusual, or too few days to know a habit."""

_MONTH: Final = 30
"""Days of a month of the budget."""
_LAST_DAY: Final = 2**16 - 1


class Closed(NamedTuple):
    """A habit at the end of a day; `news` proves a change or recovery, on the day it is told."""

    habit: Habit
    state: State
    news: Proof | None = None


def closed(
    habit: Habit, day: int, measure: Measure, holidays: Container[int] = (), share: float = 1.0
) -> Closed:
    """Return the habit at the end of a day, all values of which are known, and its news.

    Holidays count neither for nor against a change. `share` is the part of the customer's budget
    that this habit has: 1 by the number of his habits.
    """
    values, change = habit.values(day), habit.change
    if len(values) <= LIMITS.gaps:
        return Closed(habit, "too_little")
    if change and (back := _back(values, day, measure, holidays, change)):
        return Closed(replace(habit, change=None), "recovered", back)
    if day in values:
        news = _fall(values, day, measure, holidays, share, change.since if change else 0)
    elif change and change.kind != "falling":
        return Closed(habit, change.kind)
    else:
        news = _silence(values, day, holidays, share)
    if news is None:
        return Closed(habit, change.kind if change else "steady")
    change = Change(news.kind, news.since, day, news.before)
    return Closed(replace(habit, change=change), change.kind, news)


def next_look(habit: Habit, day: int, share: float = 1.0) -> int | None:
    """Return the day after `day` at whose end something may be told if nothing comes till then.

    None if nothing will be told then. It is never too late, and may be early: a longer silence than
    any before is looked at once before its day is worked out.
    """
    days = list(habit.values(day))
    change = habit.change
    if len(days) <= LIMITS.gaps:
        return None
    if change and change.kind != "falling":  # only a late value can have ended it
        return day + 1 if days[-1] >= change.since else None
    first = days[-1] + _longest(days)
    if day < first:
        return first
    pace = pace_of(days)
    later = range(day + 1, _LAST_DAY + 1)
    place = bisect_left(
        later, True, key=lambda end: _is_too_long(pace, expected(pace, days[-1], end), share)
    )
    return later[place] if place < len(later) else None


def _silence(
    values: Mapping[int, float], day: int, holidays: Container[int], share: float
) -> Proof | None:
    """Return the proof if nothing came for longer than ever, and than chance explains."""
    days = list(values)
    last = days[-1]
    if day - last < _longest(days):
        return None
    pace = pace_of(days)
    if not _is_too_long(pace, expected(pace, last, day, holidays), share):
        return None
    kind: Kind = "lapsed" if pace.average * LIMITS.sparse < 1 else "quiet"
    typical = sorted(values.values())[len(values) // 2]
    usual = [part * typical for part in pace.by_weekday]
    return Proof(kind, last + 1, pace.average * typical, 0.0, curve(values, day, usual))


def _longest(days: list[int]) -> int:
    longest: int = max(map(sub, days[1:], days))
    return longest


def _is_too_long(pace: Pace, missed: float, share: float) -> bool:
    """Return whether a gap is rarer than its budget; each gap of a month has a part of it."""
    budget = LIMITS.budget * (1 - LIMITS.for_falling) * share
    return chance_of(pace, missed) * pace.average * _MONTH < budget


def _fall(
    values: Mapping[int, float],
    day: int,
    measure: Measure,
    holidays: Container[int],
    share: float,
    since: int,
) -> Proof | None:
    """Return the proof if the level fell, of the days from `since` on; the last must be low."""
    alike = sorted([values[one] for one in range(day - 56, day + 1, 7) if one in values])
    if values[day] > sqrt(LIMITS.left) * alike[len(alike) // 2] or day in holidays:
        return None
    days, series = _series(values, day, measure, holidays, since)
    taught = len(days) - LIMITS.recent
    if taught < LIMITS.taught_by:
        return None
    level = level_of(days[:taught], series[:taught], measure)
    fall = fall_of(level, days[taught:], series[taught:], measure)
    looks = len(values) / (day - next(iter(values)) + 1) * _MONTH
    if fall is None or fall.odds < needed(
        fall.shift, looks / (LIMITS.budget * LIMITS.for_falling * share)
    ):
        return None
    began = taught + fall.place
    before = [level.usual[one % 7] for one in days[began:]]
    usual = [unscaled(one, measure) for one in level.usual]
    return Proof(
        "falling",
        days[began],
        _typical(before, measure),
        _typical(series[began:], measure),
        curve(values, day, usual),
    )


def _series(
    values: Mapping[int, float], day: int, measure: Measure, holidays: Container[int], since: int
) -> tuple[list[int], list[float]]:
    """Return the days that count with their scaled values; of an amount, those that have one."""
    days: Iterable[int] = values
    if measure == "count":  # a day without any is 0
        days = range(max(next(iter(values)), day - REMEMBERED + 1), day + 1)
    counted = [one for one in days if one >= since and one not in holidays]
    return counted, [scaled(values.get(one, 0.0), measure) for one in counted]


def _typical(series: list[float], measure: Measure) -> float:
    return unscaled(sum(series) / len(series), measure)


def _back(
    values: dict[int, float],
    day: int,
    measure: Measure,
    holidays: Container[int],
    change: Change,
) -> Proof | None:
    """Return the proof that a change is over: something came again, or the level is back."""
    if change.kind == "falling":
        most = scaled(change.before / LIMITS.back, measure)
        _, series = _series(values, day, measure, holidays, change.told + 1)
        last = [min(most, one) for one in series[-LIMITS.back_days :]]
        now = _typical(last, measure) if len(last) == LIMITS.back_days else 0.0
        is_back = now >= LIMITS.back * change.before
    else:
        last_day, now = next(reversed(values.items()))
        is_back = last_day >= change.since
    if not is_back:
        return None
    flat = (change.before,) * 7
    return Proof(change.kind, change.since, change.before, now, curve(values, day, flat))
