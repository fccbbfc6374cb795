"""Simulated customers: what each does a day while nothing changes, and how a habit fades or ends.

Values are arrays of customers by days. Each customer has a level and a weekly rhythm of his own.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.detection.habits.limits import Measure

Values = NDArray[np.float64]
Make = Callable[[Generator, int, int], Values]
"""Makes the values of so many customers on so many days."""

BEFORE: Final = 210
"""Days of history before anything is told."""
_RHYTHM: Final = 0.3
"""Standard deviation of the logarithm between the weekdays of a customer."""
_BURSTS: Final = 0.01
"""Share of days on which everything is ten times as much."""
_ON_HOLIDAYS: Final = 0.4
"""Part of the usual that happens on a holiday."""


class Group(NamedTuple):
    """Customers of one kind, the number that is measured, and how their days are made."""

    name: str
    measure: Measure
    make: Make


def holidays(days: int) -> frozenset[int]:
    """Return two days in a row of every 37."""
    return frozenset(day for day in range(days) if day % 37 in (20, 21))


def _usual(rng: Generator, customers: int, days: int, growth: float) -> Values:
    """Return the part of the level that is usual on each day; growth is by month."""
    week = np.exp(rng.normal(0, _RHYTHM, (customers, 7)))
    week /= week.mean(axis=1, keepdims=True)
    at = np.arange(days)
    usual: Values = week[:, at % 7] * (1 + growth) ** (at / 30)
    usual *= np.where(rng.random((customers, days)) < _BURSTS, 10, 1)
    usual[:, list(holidays(days))] *= _ON_HOLIDAYS
    return usual


def amounts(
    spread: float,
    *,
    missing: float = 0.03,
    growth: float = 0.0,
    tails: float = 0.0,
    echo: float = 0.0,
) -> Make:
    """Return how daily amounts are made: lognormal, each day missing with a probability.

    With `tails` the noise is Student's t of so many degrees of freedom; `echo` is the correlation
    of a day with the day before.
    """

    def make(rng: Generator, customers: int, days: int) -> Values:
        size = (customers, days)
        noise = rng.standard_t(tails, size) / np.sqrt(tails / (tails - 2)) if tails else None
        noise = rng.normal(size=size) if noise is None else noise
        for day in range(1, days if echo else 0):
            noise[:, day] = echo * noise[:, day - 1] + np.sqrt(1 - echo**2) * noise[:, day]
        level = np.exp(rng.normal(1, 1, (customers, 1)))
        values = level * _usual(rng, customers, days, growth) * np.exp(spread * noise)
        sent: Values = values * (rng.random(size) >= missing)
        return sent

    return make


def counts(rate: float, *, growth: float = 0.0, varied: float = 0.0) -> Make:
    """Return how daily counts are made: Poisson, or with a rate that varies (gamma, variance)."""

    def make(rng: Generator, customers: int, days: int) -> Values:
        mean = rate * _usual(rng, customers, days, growth)
        if varied:
            mean = mean * rng.gamma(1 / varied, varied, mean.shape)
        return rng.poisson(mean).astype(np.float64)

    return make


def visits(weekdays: tuple[int, ...], kept: float) -> Make:
    """Return how one visit on each of these weekdays is made, kept with a probability."""

    def make(rng: Generator, customers: int, days: int) -> Values:
        due = np.isin(np.arange(days) % 7, weekdays)
        came: Values = (due & (rng.random((customers, days)) < kept)).astype(np.float64)
        return came

    return make


def orders(gap: float, varied: float) -> Make:
    """Return how orders are made: gamma gaps of so many days, with a coefficient of variation."""

    def make(rng: Generator, customers: int, days: int) -> Values:
        shape = varied**-2
        gaps = rng.gamma(shape, gap / shape, (customers, int(3 * days / gap) + 20))
        return _at(gaps, rng, gap, days)

    return make


def _at(gaps: Values, rng: Generator, gap: float, days: int) -> Values:
    """Return how often something comes each day, by the gaps of each customer in days."""
    customers = len(gaps)
    at = (np.cumsum(gaps, axis=1) - gap * rng.random((customers, 1))).astype(int)
    values = np.zeros((customers, days))
    customer, order = np.nonzero((at >= 0) & (at < days))
    np.add.at(values, (customer, at[customer, order]), 1)
    return values


def irregular_orders(gap: float, spread: float) -> Make:
    """Return how orders are made: lognormal gaps of so many days on average, with a spread."""

    def make(rng: Generator, customers: int, days: int) -> Values:
        size = (customers, int(4 * days / gap) + 30)
        return _at(gap * np.exp(rng.normal(-(spread**2) / 2, spread, size)), rng, gap, days)

    return make


def left_out(make: Make, share: float) -> Make:
    """Return how the same is made where a share of what would come does not."""

    def some(rng: Generator, customers: int, days: int) -> Values:
        values = make(rng, customers, days)
        kept: Values = values * (rng.random(values.shape) >= share)
        return kept

    return some


def newly_known(make: Make, known: int) -> Make:
    """Return how the same is made of customers who came so many days before anything is told."""

    def new(rng: Generator, customers: int, days: int) -> Values:
        values = make(rng, customers, days)
        values[:, : BEFORE - known] = 0
        return values

    return new


STEADY: Final = (
    *(Group(f"amount, spread {spread}", "amount", amounts(spread)) for spread in (0.1, 0.2, 0.3)),
    *(Group(f"amount, spread {spread}", "amount", amounts(spread)) for spread in (0.5, 0.8)),
    Group("amount, tails of Student's t (3)", "amount", amounts(0.3, tails=3)),
    Group("amount, grows 8 % a month", "amount", amounts(0.2, growth=0.08)),
    Group("amount, shrinks 3 % a month", "amount", amounts(0.2, growth=-0.03)),
    Group("amount, 10 % of days missing", "amount", amounts(0.3, missing=0.1)),
    Group("amount, 30 % of days missing", "amount", amounts(0.3, missing=0.3)),
    *(Group(f"count, Poisson {rate}", "count", counts(rate)) for rate in (0.3, 1, 3, 10, 30)),
    Group("count 5, rate varies", "count", counts(5, varied=0.2)),
    Group("visits on Saturdays", "count", visits((2,), 0.95)),
    Group("visits at weekends", "count", visits((2, 3), 0.95)),
    Group("visits Monday to Friday", "count", visits((0, 1, 4, 5, 6), 0.95)),
    Group("orders every 30 days, regular", "count", orders(30, 0.3)),
    Group("orders every 14 days", "count", orders(14, 0.5)),
    Group("orders every 20 days, by chance", "count", orders(20, 1)),
    Group("orders every 7 days, one in ten left out", "count", left_out(orders(7, 0.3), 0.1)),
    Group("orders every 7 days, lognormal, spread 0.5", "count", irregular_orders(7, 0.5)),
    Group("orders every 4 days, known for 28", "count", newly_known(orders(4, 0.2), 28)),
    Group("orders every 4 days, by chance, known for 42", "count", newly_known(orders(4, 1), 42)),
)
"""Customers whose habit does not change."""

BEYOND: Final = (
    Group("amount, spread 0.2, shrinks 8 % a month", "amount", amounts(0.2, growth=-0.08)),
    Group("amount, spread 0.3, days alike (0.3)", "amount", amounts(0.3, echo=0.3)),
    Group("amount, spread 0.3, days alike (0.5)", "amount", amounts(0.3, echo=0.5)),
)
"""Customers for whom the budget is not promised."""

DAILY: Final = (
    *(Group(f"amount, spread {spread}", "amount", amounts(spread)) for spread in (0.1, 0.2, 0.3)),
    *(Group(f"amount, spread {spread}", "amount", amounts(spread)) for spread in (0.4, 0.5)),
    *(Group(f"count, Poisson {rate}", "count", counts(rate)) for rate in (5, 10, 30)),
)
"""Customers who come daily, of whom fades are measured."""


SPARSE: Final = (
    Group("every 7 days, give or take 1.4", "count", orders(7, 0.2)),
    Group("every 7 days, give or take 3.5", "count", orders(7, 0.5)),
    Group("every 7 days, by chance", "count", orders(7, 1)),
    Group("every 14 days, give or take 3", "count", orders(14, 0.2)),
    Group("every 14 days, give or take 7", "count", orders(14, 0.5)),
    Group("every 14 days, by chance", "count", orders(14, 1)),
)
"""Customers who come now and then, of whom silence is measured in their own gaps."""


def fading(values: Values, group: Group, rng: Generator, start: int, *, ends_at: float) -> Values:
    """Return the values of a habit that falls evenly to half in ten days, and on to `ends_at`."""
    days = np.arange(values.shape[1])
    left = np.clip(1 - (days - start + 1) / 20, ends_at, 1)
    if group.measure == "amount":
        return values * left
    return rng.binomial(values.astype(int), left).astype(np.float64)
