"""Formulas of confidence intervals, shared by the KPIs (numbers) and the dashboards (SQL).

Applied to numbers a formula returns numbers, applied to `Sql` the ClickHouse expression for them.
"""

import math
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

Z95 = 1.959963984540054
"""Two-sided 95% quantile of the normal distribution."""

TAIL = 0.025
"""Probability beyond either end of a 95% interval."""

_HALVINGS = 60
"""Bisection steps of a root: enough for the precision of a double."""

_LARGEST_LOG = 40.0
"""Bound of log odds: larger ones do not occur."""

_FAR = 8.0
"""Standard deviations within which ranks of a quantile are searched."""


class Sql:
    """A ClickHouse expression; arithmetic and comparison build larger ones."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: "Number") -> "Sql":
        return Sql(f"({self} + {other})")

    def __radd__(self, other: float) -> "Sql":
        return Sql(f"({other} + {self})")

    def __sub__(self, other: "Number") -> "Sql":
        return Sql(f"({self} - {other})")

    def __rsub__(self, other: float) -> "Sql":
        return Sql(f"({other} - {self})")

    def __mul__(self, other: "Number") -> "Sql":
        return Sql(f"({self} * {other})")

    def __rmul__(self, other: float) -> "Sql":
        return Sql(f"({other} * {self})")

    def __truediv__(self, other: "Number") -> "Sql":
        return Sql(f"({self} / {other})")

    def __rtruediv__(self, other: float) -> "Sql":
        return Sql(f"({other} / {self})")

    def __lt__(self, other: "Number") -> "Sql":
        return Sql(f"({self} < {other})")

    def __gt__(self, other: "Number") -> "Sql":
        return Sql(f"({self} > {other})")


Number = float | Sql
Ends = tuple[Number, Number]


def plain(number: Number) -> float:
    """Return the number. Raises TypeError for SQL."""
    if isinstance(number, Sql):
        raise TypeError(f"not a number: {number}")
    return number


class Spread(NamedTuple):
    """The distribution of answers over customers.

    For a customer, `y` is the sum of the answers (1, 0 or -1 each) and `m` their number; the fields
    are the sums over `customers` of y², y·m and m².
    """

    customers: Number
    yy: Number
    ym: Number
    mm: Number


def balance(plus: Number, minus: Number, n: Number) -> Ends:
    """Return the adjusted Wald interval of 100·(plus - minus)/n, within ±100.

    For a difference of two shares of one sample: three quarters of a case are added to plus and
    to minus, and one and a half to the rest (Rocks 2016, as used for NPS).
    """
    p, d = (plus + 0.75) / (n + 3), (minus + 0.75) / (n + 3)
    margin = Z95 * _sqrt((p + d - (p - d) * (p - d)) / (n + 3))
    return 100 * _greatest(-1.0, p - d - margin), 100 * _least(1.0, p - d + margin)


def share(k: Number, n: Number) -> Ends:
    """Return the Wilson score interval of 100·k/n (Wilson 1927)."""
    p, z2 = k / n, Z95**2
    centre = p + z2 / (2 * n)
    margin = Z95 * _sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    scale = 100 / (1 + z2 / n)
    return _greatest(0.0, scale * (centre - margin)), _least(100.0, scale * (centre + margin))


def ratio(k: Number, n: Number) -> Ends:
    """Return the interval of 100·k/n for two Poisson counts, where k is not a part of n.

    Normal approximation of the logarithm with half a case added to each count; below five cases
    Clopper and Pearson (1934): k of k + n is binomial, with the odds that k/n estimates.
    """

    middle = _log((k + 0.5) / (n + 0.5))
    margin = Z95 * _sqrt(1 / (k + 0.5) + 1 / (n + 0.5))

    def odds(tail: float, most: Number) -> Number:
        """Return the odds at which at most `most` cases have the probability `tail`."""
        return _exp(_root(lambda log_odds: _at_most(most, k + n, _exp(log_odds)) > tail))

    def few_low() -> Number:
        return _when(k < 1, lambda: 0.0, lambda: odds(1 - TAIL, k - 1))

    low = _when(k < 5, few_low, lambda: _exp(middle - margin))
    high = _when(k < 5, lambda: odds(TAIL, k), lambda: _exp(middle + margin))
    return 100 * low, 100 * high


def _at_most(most: Number, n: Number, odds: Number) -> Number:
    """Return the probability that a binomial of `n` is at most `most` (under five)."""
    terms: Number = 1.0
    for count in range(4, 0, -1):
        terms = 1 + odds * (n - (count - 1)) / count * (most > count - 1) * terms
    return terms * _exp(-1 * n * _log(1 + odds))


def design_effect(plus: Number, minus: Number, n: Number, spread: Spread) -> Number:
    """Return the design effect: the variance of the mean relative to n independent answers.

    The variance between customers is C/(C - 1)·Σ(y - mean·m)²/n². One standard error is added,
    since few customers estimate it poorly. The result is at least 1 and at most m²/n, the value if
    every customer always gave the same answer, which is assumed if it cannot be estimated (one
    customer, or all answers equal). With one answer per customer it is 1.
    """
    c, yy, ym, mm = spread
    mean, most = (plus - minus) / n, mm / n
    within = plus + minus - n * mean * mean
    between = yy - 2 * mean * ym + mean * mean * mm

    def estimated() -> Number:
        effect = between / within * c / (c - 1) * (n - 1) / n
        return _least(most, _greatest(1.0, effect * (1 + _sqrt(2 / (c - 1)))))

    return _when(c < 2, lambda: most, lambda: _when(within > 0, estimated, lambda: most))


def rank_ends(n: Number, q: float) -> Ends:
    """Return the ranks, from 1, of the values that enclose the `q` quantile of n values.

    The number of values below the quantile is binomial. A rank below 1 or above n means that there
    are too few values.
    """
    far = _FAR * _sqrt(n * q * (1 - q)) + 1
    first = _greatest(0, _floor(n * q - far))
    end = _least(n, _floor(n * q + far)) + 1
    below = _cumulative(lambda k: _binomial(k, n, q), first, end)
    return first + _how_many(below, TAIL), first + _how_many(below, 1 - TAIL) + 1


def _binomial(k: Number, n: Number, q: float) -> Number:
    ways = _lgamma(n + 1) - _lgamma(k + 1) - _lgamma(n - k + 1)
    return _exp(ways + k * math.log(q) + (n - k) * math.log(1 - q))


def _sqrt(x: Number) -> Number:
    return Sql(f"sqrt({x})") if isinstance(x, Sql) else math.sqrt(x)


def _exp(x: Number) -> Number:
    return Sql(f"exp({x})") if isinstance(x, Sql) else math.exp(x)


def _log(x: Number) -> Number:
    return Sql(f"log({x})") if isinstance(x, Sql) else math.log(x)


def _lgamma(x: Number) -> Number:
    return Sql(f"lgamma({x})") if isinstance(x, Sql) else math.lgamma(x)


def _floor(x: Number) -> Number:
    return Sql(f"toInt64(floor({x}))") if isinstance(x, Sql) else math.floor(x)


def _greatest(bound: float, x: Number) -> Number:
    return Sql(f"greatest({bound}, {x})") if isinstance(x, Sql) else max(bound, x)


def _least(bound: Number, x: Number) -> Number:
    if isinstance(bound, Sql) or isinstance(x, Sql):
        return Sql(f"least({bound}, {x})")
    return min(bound, x)


def _when(
    condition: Sql | bool, then: Callable[[], Number], otherwise: Callable[[], Number]
) -> Number:
    if isinstance(condition, Sql):
        return Sql(f"if({condition}, {then()}, {otherwise()})")
    return then() if condition else otherwise()


def _root(holds: Callable[[Number], Sql | bool]) -> Number:
    """Return where a condition ceases to hold, between ±40, by bisection."""
    if isinstance(holds(0.0), Sql):
        halfway = "((ends.1 + ends.2) / 2)"
        halved = f"if({holds(Sql(halfway))}, ({halfway}, ends.2), (ends.1, {halfway}))"
        ends = f"({-_LARGEST_LOG}, {_LARGEST_LOG})"
        return Sql(f"(arrayFold((ends, i) -> {halved}, range({_HALVINGS}), {ends}).1)")
    low, high = -_LARGEST_LOG, _LARGEST_LOG
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _cumulative(of: Callable[[Number], Number], first: Number, end: Number) -> Sql | list[float]:
    if isinstance(first, Sql) or isinstance(end, Sql):
        return Sql(f"arrayCumSum(arrayMap(k -> {of(Sql('k'))}, range({first}, {end})))")
    return [*accumulate(plain(of(k)) for k in range(int(first), int(end)))]


def _how_many(values: Sql | list[float], limit: float) -> Number:
    """Count the values up to a limit."""
    if isinstance(values, Sql):
        return Sql(f"toInt64(arrayCount(value -> value <= {limit}, {values}))")
    return sum(value <= limit for value in values)
