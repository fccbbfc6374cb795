"""Plays simulated customers day by day, and counts what is told."""

from typing import Final, NamedTuple

import numpy as np

from evaluation.habits.customers import BEFORE, Group, Values, fading, holidays
from pipeline.detection.habits.closing import State, closed, next_look
from pipeline.detection.habits.habit import REMEMBERED, Habit, with_value

MONTH: Final = 30
_ENOUGH: Final = 1_500
"""Days within which the sparsest habit comes as often as is asked for."""
TO_HALF: Final = 10
"""Days from the beginning of a fade to half of the level, the first with a lower value included."""


class Told(NamedTuple):
    """What was told of a customer at the end of a day."""

    customer: int
    day: int
    state: State


def play(values: Values, group: Group, first: int) -> list[Told]:
    """Return what is told of customers from the first day on; earlier days are their history."""
    off, days = holidays(values.shape[1]), range(first, values.shape[1])
    told = []
    for customer, row in enumerate(values.tolist()):
        habit = Habit()
        for day in np.flatnonzero(values[customer, :first])[-REMEMBERED:].tolist():
            habit = with_value(habit, day, row[day])
        for day in days:
            habit, state, news = closed(with_value(habit, day, row[day]), day, group.measure, off)
            if news:
                told.append(Told(customer, day, state))
    return told


def false_alarms(group: Group, seed: int, customers: int, months: int) -> list[Told]:
    """Return the alarms of customers whose habit does not change."""
    rng = np.random.default_rng(seed)
    values = group.make(rng, customers, BEFORE + MONTH * months)
    return [told for told in play(values, group, BEFORE) if told.state != "recovered"]


def days_to_find(
    group: Group, seed: int, customers: int, *, ends_at: float, days: int = 40
) -> Values:
    """Return the days from the beginning of a fade until it is told, infinite if it is not.

    The first low day is day 1, half is reached on day `TO_HALF`.
    """
    rng = np.random.default_rng(seed)
    values = group.make(rng, customers, BEFORE + days)
    return _found(fading(values, group, rng, BEFORE, ends_at=ends_at), group)


def days_to_notice(group: Group, seed: int, customers: int, *, days: int = 250) -> Values:
    """Return the number of days without anything until silence is told, infinite if it is not."""
    values = group.make(np.random.default_rng(seed), customers, BEFORE + days)
    values[:, BEFORE:] = 0
    return _found(values, group)


def gaps_to_notice(group: Group, seed: int, customers: int, known: int) -> Values:
    """Return how many average gaps of a customer pass until silence is told, infinite if never.

    Of each customer so many gaps are known.
    """
    found = np.full(customers, np.inf)
    values = group.make(np.random.default_rng(seed), customers, _ENOUGH)
    for customer, row in enumerate(values):
        days = np.flatnonzero(row)[: known + 1].tolist()
        habit = Habit()
        for day in days:
            habit = with_value(habit, day, 1.0)
        look: int | None = days[-1]
        while look is not None and (look := next_look(habit, look)) is not None:
            if closed(habit, look, group.measure).news:
                found[customer] = (look - days[-1]) * known / (days[-1] - days[0])
                break
    return found


def _found(values: Values, group: Group) -> Values:
    found = np.full(len(values), np.inf)
    for told in play(values, group, BEFORE):
        found[told.customer] = min(found[told.customer], told.day - BEFORE + 1)
    return found
