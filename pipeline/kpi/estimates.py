"""Values formed from counts: what they are, how many cases they rest on, and their interval."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Z95 = 1.959963984540054
"""Two-sided 95% quantile of the normal distribution."""


class Estimate(NamedTuple):
    """A value with the number of cases it rests on and its 95% interval."""

    value: float | None
    n: int
    ci_low: float | None = None
    ci_high: float | None = None


def balance(plus: int, minus: int, n: int) -> Estimate:
    """Return 100·(plus - minus)/n with the adjusted Wald interval, clamped to ±100.

    Adjusted Wald for a difference of two shares of one sample: three quarters of a case are
    added to each end and one and a half in between (Rocks 2016, as used for NPS).
    """
    if n == 0:
        return Estimate(None, 0)
    p, d = (plus + 0.75) / (n + 3), (minus + 0.75) / (n + 3)
    margin = Z95 * math.sqrt((p + d - (p - d) ** 2) / (n + 3))
    low, high = (100 * max(-1.0, min(1.0, p - d + side)) for side in (-margin, margin))
    return Estimate(100 * (plus - minus) / n, n, low, high)


def nps(promoters: int, detractors: int, n: int) -> Estimate:
    """Return the Net Promoter Score in whole points, rounded once, halves away from zero."""
    estimate = balance(promoters, detractors, n)
    if estimate.value is None:
        return estimate
    return estimate._replace(
        value=math.copysign(math.floor(abs(estimate.value) + 0.5), estimate.value)
    )


def share(k: int, n: int) -> Estimate:
    """Return 100·k/n with the Wilson score interval (Wilson 1927).

    `k` may exceed `n` where the two count different things (returns per order); such a ratio
    is no share and has no interval.
    """
    if n == 0:
        return Estimate(None, 0)
    p = k / n
    if p > 1:
        return Estimate(100 * p, n)
    centre = p + Z95**2 / (2 * n)
    margin = Z95 * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    scale = 100 / (1 + Z95**2 / n)
    return Estimate(
        100 * p, n, max(0.0, scale * (centre - margin)), min(100.0, scale * (centre + margin))
    )


def count(n: int) -> Estimate:
    """Return a plain count: it is its own n and, being no sample, has no interval."""
    return Estimate(float(n), n)


def quantile(values: Sequence[float], q: float) -> Estimate:
    """Return the `q` quantile with linear interpolation between the two nearest values."""
    return Estimate(float(np.quantile(values, q)) if values else None, len(values))
