"""How long nothing came, against the gaps that are usual.

Time runs by the customer's own week: a day counts as much as its weekday usually brings, so that
six quiet days of a Saturday shopper are nothing (time rescaling, Brown et al. 2002, Neural
Computation 14). In that time gaps are Erlang distributed, from pure chance (shape 1) to regular. Of
the rate only the past gaps are known, so the chance of a gap is that of the predictive
distribution: beta prime, whose tail is a sum of `shape` negative binomial terms.
"""

from collections.abc import Container, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.detection.habits.limits import LIMITS


class Pace(NamedTuple):
    """How often something comes: the share of each weekday (day modulo 7), and of all days.

    `total` is what `gaps` of them lasted, in days that would have had one; `shape` is how regular.
    """

    by_weekday: tuple[float, ...]
    average: float
    gaps: int
    total: float
    shape: float


def pace_of(days: Sequence[int]) -> Pace:
    """Return the pace of the days, in order, on which something came: of two or more."""
    first, last = days[0], days[-1]
    average = len(days) / (last - first + 1)
    came = [0] * 7
    for day in days:
        came[day % 7] += 1
    weeks = LIMITS.weekday_weeks
    by_weekday = tuple(
        (times + weeks * average) / ((last - weekday) // 7 - (first - 1 - weekday) // 7 + weeks)
        for weekday, times in enumerate(came)
    )
    gaps = [_expected(by_weekday, before, after) for before, after in pairwise(days)]
    count, total = len(gaps), sum(gaps)
    varied = sum((gap * count / total - 1) ** 2 for gap in gaps)
    doubt = LIMITS.irregular_gaps
    variance = (doubt + varied) / (doubt + count - 1)
    shape = min(float(LIMITS.most_regular), max(1.0, LIMITS.believed / variance))
    return Pace(by_weekday, average, count, total, shape)


def expected(pace: Pace, after: int, until: int, holidays: Container[int] = ()) -> float:
    """Return how many days with something are usual after a day, until another; holidays none."""
    off = (day for day in range(after + 1, until + 1) if day in holidays) if holidays else ()
    return _expected(pace.by_weekday, after, until) - sum(pace.by_weekday[day % 7] for day in off)


def _expected(by_weekday: Sequence[float], after: int, until: int) -> float:
    weeks, rest = divmod(until - after, 7)
    days = sum(by_weekday[day % 7] for day in range(until - rest + 1, until + 1))
    return weeks * sum(by_weekday) + days


def chance_of(pace: Pace, missed: float) -> float:
    """Return the chance of a gap in which `missed` days would have had something, or more.

    Between two whole shapes its logarithm is interpolated.
    """
    shape = int(pace.shape)
    part = pace.shape - shape
    chance = _chance(pace, missed, shape)
    return chance ** (1 - part) * _chance(pace, missed, shape + 1) ** part if part else chance


def _chance(pace: Pace, missed: float, shape: int) -> float:
    share = missed / (pace.total + missed)
    draws = pace.gaps * shape
    chance = term = (1 - share) ** draws
    for more in range(1, shape):
        term *= share * (draws + more - 1) / more
        chance += term
    return chance
