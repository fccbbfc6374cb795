"""The level of a number by weekday, and whether it fell: likelihood ratios on robust residuals.

The test is a cumulative sum (Page 1954, Biometrika 41): for each recent day on which a fall may
have begun, the days since then speak for it or for chance, and the likeliest counts. How high it
must be for one false alarm in so many days is Siegmund's formula (Sequential Analysis, 1985,
chapter 2). Level and spread are estimated from the customer's own earlier days, so the ratio is
that of Student's t, wider by the error of the level and by how much a day resembles the one before.
"""

from collections.abc import Sequence
from math import exp, log, log1p, sqrt
from operator import mul
from typing import Final, NamedTuple

from pipeline.detection.habits.limits import LIMITS, Measure

_MAD: Final = 1.4826
"""Standard deviation of a normal distribution, in median absolute deviations."""
_OVERSHOOT: Final = 1.166
"""By how many standard deviations a sum overshoots at both ends together, on average (Siegmund)."""


class Level(NamedTuple):
    """What days taught: the usual scaled value of each weekday (day modulo 7), and the noise.

    `spread` is the standard deviation, known to `freedom` degrees; `rhythm` says how far the
    differences between weekdays are more than chance (0 to 1), `echo` by how much the variance of a
    sum of days grows because a day resembles the one before.
    """

    usual: tuple[float, ...]
    days: int
    spread: float
    freedom: float
    echo: float
    rhythm: float


class Fall(NamedTuple):
    """The likeliest fall: at which place of the series it began, its log likelihood ratio.

    `shift` is how deep it is on average, in standard deviations of a day.
    """

    place: int
    odds: float
    shift: float


def scaled(value: float, measure: Measure) -> float:
    """Return a value on the scale on which the spread does not depend on the level.

    It is the logarithm of an amount, and Anscombe's root of a count (Biometrika 35, 1948).
    """
    return log(value) if measure == "amount" else 2 * sqrt(value + 0.375)


def unscaled(value: float, measure: Measure) -> float:
    """Return the value that `scaled` makes this of."""
    return exp(value) if measure == "amount" else max(0.0, value * value / 4 - 0.375)


def level_of(days: Sequence[int], values: Sequence[float], measure: Measure) -> Level:
    """Return the level that days with their scaled values teach."""
    groups: list[list[float]] = [[], [], [], [], [], [], []]
    for day, value in zip(days, values, strict=True):
        groups[day % 7].append(value)
    centers = [_center(group) for group in groups]
    sizes = [len(group) for group in groups]
    off = [value - centers[day % 7] for day, value in zip(days, values, strict=True)]
    count, known = len(off), 7 - sizes.count(0)
    spread, freedom, echo = _noise(off, known, measure)
    mean = sum(map(mul, sizes, centers)) / count
    weekdays = list(zip(sizes, centers, strict=True))
    differ = sum(size * (center - mean) ** 2 for size, center in weekdays)
    # What of the differences chance does not explain (empirical Bayes; Efron and Morris 1973).
    chance = (known - 1) * spread * spread
    rhythm = max(0.0, 1 - chance / differ) if differ else 0.0
    usual = tuple(mean + rhythm * (center - mean) if size else mean for size, center in weekdays)
    return Level(usual, count, spread, freedom, echo, rhythm)


def _center(group: list[float]) -> float:
    """Return the mean without the smallest and the largest, so that one burst moves it little."""
    if len(group) < 3:
        return sum(group) / len(group) if group else 0.0
    return (sum(group) - min(group) - max(group)) / (len(group) - 2)


def _noise(off: list[float], known: int, measure: Measure) -> tuple[float, float, float]:
    """Return spread, freedom and echo of days that are off; outliers are left out."""
    usual, count = LIMITS.spread[measure], len(off)
    median = sorted(map(abs, off))[count // 2]
    edge = LIMITS.outlier * max(usual, _MAD * median * sqrt(count / (count - known)))
    near = [one for one in off if -edge < one < edge]
    squares = sum(map(mul, near, near))
    freedom = len(near) - known + LIMITS.spread_days
    spread = sqrt((squares + LIMITS.spread_days * usual * usual) / freedom)
    again = sum(map(mul, near, near[1:])) / squares if squares else 0.0
    # Below its standard error it is taken for chance.
    echo = (1 + again) / (1 - again) if again > 1 / sqrt(count) else 1.0
    return spread, freedom, echo


def fall_of(
    level: Level, days: Sequence[int], values: Sequence[float], measure: Measure
) -> Fall | None:
    """Return the likeliest fall that began in these days and lasts; None if none is likely."""
    most, count = LIMITS.outlier, len(values)
    by_weekday = [
        min(most, (one - scaled(LIMITS.left * unscaled(one, measure), measure)) / level.spread)
        for one in level.usual
    ]
    speaks, weight, best = 0.0, 0.0, (0.0, 0, 0.0, 0.0, 1.0)
    for place in range(count - 1, -1, -1):
        weekday = days[place] % 7
        off = (level.usual[weekday] - values[place]) / level.spread
        shift = by_weekday[weekday]
        speaks += shift * max(-most, min(most, off))
        weight += shift * shift
        wide = level.echo * (1 + max(count - place, 7 * level.rhythm) / level.days)
        if (odds := (speaks - weight / 2) / wide) > best[0]:
            best = (odds, place, speaks, weight, wide)
    if not best[0]:
        return None
    _, place, speaks, weight, wide = best
    root, freedom = sqrt(weight), level.freedom
    by_chance = 1 + (speaks / root) ** 2 / (wide * freedom)
    by_fall = 1 + (speaks / root - root) ** 2 / (wide * freedom)
    odds = (freedom + 1) / 2 * log(by_chance / by_fall)
    return Fall(place, odds, root / sqrt(count - place))


def needed(shift: float, days: float) -> float:
    """Return the log likelihood ratio that chance reaches once in so many days.

    Siegmund's formula is days = (exp(x) - x - 1) / (shift² / 2), with the overshoot in x; x is
    solved for from above, to a few hundredths.
    """
    often = days * shift * shift / 2
    return log1p(often + sqrt(2 * often)) - _OVERSHOOT * shift
