"""A customer's days, played as detection would."""

from collections.abc import Container, Iterable
from itertools import islice

import numpy as np

from pipeline.detection.habits.closing import Closed, closed
from pipeline.detection.habits.habit import Habit, with_value
from pipeline.detection.habits.limits import Measure
from pipeline.detection.habits.proof import Proof

MONDAY = 20_003
"""A Monday: 7 October 2024."""


def noisy(level: float, days: int, spread: float = 0.1, seed: int = 1) -> list[float]:
    """Return days around a level."""
    noise = np.random.default_rng(seed).normal(0, spread, days)
    values: list[float] = (level * np.exp(noise)).tolist()
    return values


def lived(
    values: Iterable[float],
    measure: Measure = "amount",
    holidays: Container[int] = (),
    share: float = 1.0,
) -> list[Closed]:
    """Return the end of each day from MONDAY on."""
    habit, ends = Habit(), []
    for day, value in enumerate(values, MONDAY):
        end = closed(with_value(habit, day, value), day, measure, holidays, share)
        habit = end.habit
        ends.append(end)
    return ends


def news(ends: Iterable[Closed]) -> list[tuple[int, str]]:
    """Return what was told, with the number of days since MONDAY."""
    return [(place, end.state) for place, end in enumerate(ends) if end.news]


def proof_of(ends: Iterable[Closed], place: int = 0) -> Proof:
    """Return what proved the n-th thing that was told."""
    return next(islice((end.news for end in ends if end.news), place, None))
