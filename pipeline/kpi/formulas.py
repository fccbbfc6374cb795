"""Formulas of intervals, written once: over numbers for the KPIs, over SQL for the dashboards.

Of numbers a formula forms numbers, of `Sql` the expression by which ClickHouse forms them.
"""

import math
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

Z95 = 1.959963984540054
"""Two-sided 95% quantile of the normal distribution."""

TAIL = 0.025
"""What lies beyond either end of a 95% interval."""

_HALVINGS = 60
"""How often a root is narrowed: to the last digits of a double."""

_LARGEST_LOG = 40.0
"""Odds beyond exp(±40) do not occur."""

_FAR = 8.0
"""Standard deviations beyond which no rank of a quantile is looked for."""


class Sql:
    """An expression of ClickHouse; arithmetic and comparison make longer ones."""

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
    """Return what was formed of numbers. Raises TypeError for SQL."""
    if isinstance(number, Sql):
        raise TypeError(f"this is no number: {number}")
    return number


class Spread(NamedTuple):
    """How answers are spread over the customers who gave them.

    `y` of a customer is the sum of their answers (1, 0 or -1 each), `m` how many they gave; here
    are the sums over `customers` of y², y·m and m².
    """

    customers: Number
    yy: Number
    ym: Number
    mm: Number


def balance(plus: Number, minus: Number, n: Number) -> Ends:
    """Form the adjusted Wald interval of 100·(plus - minus)/n, within ±100.

    For a difference of two shares of one sample: three quarters of a case are added to each end
    and one and a half in between (Rocks 2016, as used for NPS).
    """
    p, d = (plus + 0.75) / (n + 3), (minus + 0.75) / (n + 3)
    margin = Z95 * _sqrt((p + d - (p - d) * (p - d)) / (n + 3))
    return 100 * _greatest(-1.0, p - d - margin), 100 * _least(1.0, p - d + margin)


def share(k: Number, n: Number) -> Ends:
    """Form the Wilson score interval of 100·k/n (Wilson 1927)."""
    p, z2 = k / n, Z95**2
    centre = p + z2 / (2 * n)
    margin = Z95 * _sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    scale = 100 / (1 + z2 / n)
    return _greatest(0.0, scale * (centre - margin)), _least(100.0, scale * (centre + margin))


def ratio(k: Number, n: Number) -> Ends:
    """Form the interval of 100·k/n where k is no part of n: of two Poisson counts.

    By the normal approximation of the logarithm, half a case added to each. Of fewer than five
    cases by Clopper and Pearson (1934): k of k + n is binomial, with the odds that k/n estimates.
    """

    middle = _log((k + 0.5) / (n + 0.5))
    margin = Z95 * _sqrt(1 / (k + 0.5) + 1 / (n + 0.5))

    def odds(tail: float, most: Number) -> Number:
        """Of which `most` cases or fewer have the probability `tail`."""
        return _exp(_root(lambda log_odds: _at_most(most, k + n, _exp(log_odds)) > tail))

    def few_low() -> Number:
        return _when(k < 1, lambda: 0.0, lambda: odds(1 - TAIL, k - 1))

    low = _when(k < 5, few_low, lambda: _exp(middle - margin))
    high = _when(k < 5, lambda: odds(TAIL, k), lambda: _exp(middle + margin))
    return 100 * low, 100 * high


def _at_most(most: Number, n: Number, odds: Number) -> Number:
    """Probability that a binomial of `n` is `most` (under five) or less."""
    terms: Number = 1.0
    for count in range(4, 0, -1):
        terms = 1 + odds * (n - (count - 1)) / count * (most > count - 1) * terms
    return terms * _exp(-1 * n * _log(1 + odds))


def design_effect(plus: Number, minus: Number, n: Number, spread: Spread) -> Number:
    """Tell how much more the mean of n answers scatters than if each were of another customer.

    The variance between customers, C/(C - 1)·Σ(y - mean·m)²/n², over that of n independent
    answers; more by a standard error, as few customers tell it poorly; not below 1, and no more
    than if every customer always said the same. It is that where nothing tells it: of one
    customer, or where no two answers differ. Where each has one answer, it is 1.
    """
    c, yy, ym, mm = spread
    mean, most = (plus - minus) / n, mm / n
    within = plus + minus - n * mean * mean
    between = yy - 2 * mean * ym + mean * mean * mm

    def told() -> Number:
        effect = between / within * c / (c - 1) * (n - 1) / n
        return _least(most, _greatest(1.0, effect * (1 + _sqrt(2 / (c - 1)))))

    return _when(c < 2, lambda: most, lambda: _when(within > 0, told, lambda: most))


def rank_ends(n: Number, q: float) -> Ends:
    """Return the ranks, from 1, of which the values enclose the `q` quantile of n values.

    How many are below it is binomial. Below rank 1 or above n: there are too few values.
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
    """Find up to where a condition holds, between ±40."""
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
