"""Values formed from counts: what they are, how many cases they rest on, and their interval."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.kpi import formulas
from pipeline.kpi.formulas import Spread, plain


class Estimate(NamedTuple):
    """A value with the number of cases it rests on and its 95% interval."""

    value: float | None
    n: int
    ci_low: float | None = None
    ci_high: float | None = None


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


def quantile(values: Sequence[float], q: float) -> Estimate:
    """Return the `q` quantile, interpolated between the two nearest values.

    Its interval reaches from value to value (`formulas.rank_ends`); a median has one from six
    values on, a 90th percentile from 36.
    """
    n = len(values)
    if not n:
        return Estimate(None, 0)
    inner = np.sort(values)
    low, high = (int(plain(end)) for end in formulas.rank_ends(n, q))
    value = float(np.quantile(inner, q))
    if low < 1 or high > n:
        return Estimate(value, n)
    return Estimate(value, n, float(inner[low - 1]), float(inner[high - 1]))


def rounded(estimate: Estimate) -> Estimate:
    """Return the estimate with its value as a whole number, halves away from zero."""
    if estimate.value is None:
        return estimate
    whole = math.copysign(math.floor(abs(estimate.value) + 0.5), estimate.value)
    return estimate._replace(value=whole)


def _estimate(value: float, n: int, ends: formulas.Ends) -> Estimate:
    low, high = ends
    return Estimate(value, n, plain(low), plain(high))
