"""Estimates from counts: value, number of cases and confidence interval."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.kpi import formulas
from pipeline.kpi.formulas import Spread, plain
from pipeline.kpi.product_limit import Waits


class Estimate(NamedTuple):
    """A value with its number of cases and its 95% confidence interval.

    `running` of the cases have not ended; `at_least`: because of them `value` is a lower bound.
    """

    value: float | None
    n: int
    ci_low: float | None = None
    ci_high: float | None = None
    running: int = 0
    at_least: bool = False


def balance(plus: int, minus: int, n: int, spread: Spread | None = None) -> Estimate:
    """Return 100·(plus - minus)/n with the adjusted Wald interval, clamped to ±100.

    `spread`: the distribution of answers over customers, if a customer may give several.
    """
    if n == 0:
        return Estimate(None, 0)
    effect = formulas.design_effect(plus, minus, n, spread) if spread else 1.0
    ends = formulas.balance(plus / effect, minus / effect, n / effect)
    return _estimate(100 * (plus - minus) / n, n, ends)


def share(k: int, n: int, spread: Spread | None = None) -> Estimate:
    """Return 100·k/n with the Wilson score interval; `k` is a part of `n`.

    `spread`: the distribution of cases over customers, if a customer may have several.
    """
    if n == 0:
        return Estimate(None, 0)
    effect = formulas.design_effect(k, 0, n, spread) if spread else 1.0
    return _estimate(100 * k / n, n, formulas.share(k / effect, n / effect))


def ratio(k: int, n: int) -> Estimate:
    """Return 100·k/n where `k` is not a part of `n`, with the interval of two Poisson counts."""
    if n == 0:
        return Estimate(None, 0)
    return _estimate(100 * k / n, n, formulas.ratio(k, n))


def count(n: int) -> Estimate:
    """Return a count: it is its own n and, not being a sample, has no interval."""
    return Estimate(float(n), n)


def mean(thousandths: int, n: int) -> Estimate:
    """Return the mean of `n` answers whose sum is given in thousandths, without an interval."""
    return Estimate(thousandths / 1000 / n if n else None, n)


def quantile(ended: Sequence[float], running: Sequence[float], q: float) -> Estimate:
    """Return the `q` quantile of waits, interpolated between the two nearest values.

    The ends of its interval are values of the sample (`formulas.rank_ends`); a median has one from
    six values on, a 90th percentile from 36. If too many waits still run, the upper end is None,
    and the value and the lower end are lower bounds.
    """
    waits = Waits(ended, running)
    n = len(waits)
    if not n:
        return Estimate(None, 0)
    middle = q * (n - 1)
    exact = waits.at(middle)
    value = waits.at_least(middle) if exact is None else exact
    estimate = Estimate(value, n, running=len(running), at_least=exact is None)
    low, high = (int(plain(end)) - 1 for end in formulas.rank_ends(n, q))
    if low < 0 or high >= n:
        return estimate
    exact_low = waits.at(low)
    ci_low = waits.at_least(low) if exact_low is None else exact_low
    return estimate._replace(ci_low=ci_low, ci_high=waits.at(high))


def rounded(estimate: Estimate) -> Estimate:
    """Return the estimate with its value rounded to an integer, halves away from zero."""
    if estimate.value is None:
        return estimate
    whole = math.copysign(math.floor(abs(estimate.value) + 0.5), estimate.value)
    return estimate._replace(value=whole)


def _estimate(value: float, n: int, ends: formulas.Ends) -> Estimate:
    low, high = ends
    return Estimate(value, n, plain(low), plain(high))
