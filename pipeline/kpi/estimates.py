"""Values formed from counts: what they are, how many cases they rest on, and their interval."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.kpi import formulas
from pipeline.kpi.formulas import Spread, plain
from pipeline.kpi.product_limit import Waits


class Estimate(NamedTuple):
    """A value with the number of cases it rests on and its 95% interval.

    `running` of the cases are not over; `at_least`: because of them only that is known.
    """

    value: float | None
    n: int
    ci_low: float | None = None
    ci_high: float | None = None
    running: int = 0
    at_least: bool = False


def balance(plus: int, minus: int, n: int, spread: Spread | None = None) -> Estimate:
    """Return 100·(plus - minus)/n with the adjusted Wald interval, clamped to ±100.

    `spread`: how the answers are spread over customers, if several may be of one.
    """
    if n == 0:
        return Estimate(None, 0)
    effect = formulas.design_effect(plus, minus, n, spread) if spread else 1.0
    ends = formulas.balance(plus / effect, minus / effect, n / effect)
    return _estimate(100 * (plus - minus) / n, n, ends)


def nps(promoters: int, detractors: int, n: int, spread: Spread | None = None) -> Estimate:
    """Return the Net Promoter Score in whole points, rounded once, halves away from zero."""
    return rounded(balance(promoters, detractors, n, spread))


def share(k: int, n: int, spread: Spread | None = None) -> Estimate:
    """Return 100·k/n with the Wilson score interval; `k` are some of `n`.

    `spread`: how the cases are spread over customers, if several may be of one.
    """
    if n == 0:
        return Estimate(None, 0)
    effect = formulas.design_effect(k, 0, n, spread) if spread else 1.0
    return _estimate(100 * k / n, n, formulas.share(k / effect, n / effect))


def ratio(k: int, n: int) -> Estimate:
    """Return 100·k/n where `k` is no part of `n`, with the interval of two Poisson counts."""
    if n == 0:
        return Estimate(None, 0)
    return _estimate(100 * k / n, n, formulas.ratio(k, n))


def count(n: int) -> Estimate:
    """Return a plain count: it is its own n and, being no sample, has no interval."""
    return Estimate(float(n), n)


def mean(thousandths: int, n: int) -> Estimate:
    """Return the mean of `n` answers whose sum is given in thousandths, without an interval."""
    return Estimate(thousandths / 1000 / n if n else None, n)


def quantile(ended: Sequence[float], running: Sequence[float], q: float) -> Estimate:
    """Return the `q` quantile of waits, interpolated between the two nearest values.

    Its interval reaches from value to value (`formulas.rank_ends`); a median has one from six
    values on, a 90th percentile from 36. Where so many of the waits still run that an end of it is
    not known, there is no upper one, and the lower one and the value are what they are at least.
    """
    waits = Waits(ended, running)
    n = len(waits)
    if not n:
        return Estimate(None, 0)
    middle = q * (n - 1)
    known = waits.at(middle)
    value = waits.at_least(middle) if known is None else known
    estimate = Estimate(value, n, running=len(running), at_least=known is None)
    low, high = (int(plain(end)) - 1 for end in formulas.rank_ends(n, q))
    if low < 0 or high >= n:
        return estimate
    known_low = waits.at(low)
    ci_low = waits.at_least(low) if known_low is None else known_low
    return estimate._replace(ci_low=ci_low, ci_high=waits.at(high))


def rounded(estimate: Estimate) -> Estimate:
    """Return the estimate with its value as a whole number, halves away from zero."""
    if estimate.value is None:
        return estimate
    whole = math.copysign(math.floor(abs(estimate.value) + 0.5), estimate.value)
    return estimate._replace(value=whole)


def _estimate(value: float, n: int, ends: formulas.Ends) -> Estimate:
    low, high = ends
    return Estimate(value, n, plain(low), plain(high))
