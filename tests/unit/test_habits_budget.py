"""The budget of false alarms, and how soon true changes are told, over simulated customers."""

import numpy as np
import pytest

from evaluation.habits.customers import DAILY, STEADY, Group, newly_known, orders
from evaluation.habits.play import (
    TO_HALF,
    days_to_find,
    days_to_notice,
    false_alarms,
    gaps_to_notice,
)

BY_NAME = {group.name: group for group in (*DAILY, *STEADY)}


def test_ten_thousand_steady_customers_have_ten_false_alarms_a_month_at_most() -> None:
    each = -(-10_000 // len(STEADY))
    told = [false_alarms(group, 40 + place, each, 1) for place, group in enumerate(STEADY)]
    assert sum(map(len, told)) <= 10


REGULAR = [
    *(f"amount, spread {spread}" for spread in (0.1, 0.2, 0.3, 0.4)),
    *("count, Poisson 10", "count, Poisson 30"),
]
"""Daily numbers of which a fade is told in time; others vary too much."""


def test_of_fades_to_half_within_ten_days_four_in_five_are_told_within_five() -> None:
    found = [
        days_to_find(BY_NAME[name], 60 + place, 50, ends_at=ends_at)
        for ends_at in (0.5, 0.0)
        for place, name in enumerate(REGULAR)
    ]
    days = np.concatenate(found)
    assert np.mean(days - TO_HALF <= 5) >= 0.8
    assert np.median(days) <= 12  # from the onset


@pytest.mark.parametrize(("known", "most"), [(6, 7), (10, 5), (20, 4)])
def test_who_comes_every_week_is_missed_after_a_few_weeks_the_fewer_the_longer_known(
    known: int, most: float
) -> None:
    weekly = Group("every 7 days", "count", orders(7, 0.2))
    assert np.median(gaps_to_notice(weekly, 90, 60, known)) <= most


def test_customers_who_are_known_for_four_weeks_are_not_missed_in_vain() -> None:
    new = Group("every 4 days", "count", newly_known(orders(4, 0.3), 28))
    assert len(false_alarms(new, 91, 300, 3)) <= 1


@pytest.mark.parametrize(
    ("group", "most"),
    [
        (BY_NAME["amount, spread 0.3"], 5),
        (BY_NAME["count, Poisson 10"], 4),
        (BY_NAME["visits Monday to Friday"], 8),
        (BY_NAME["visits at weekends"], 18),
    ],
    ids=lambda one: one.name if isinstance(one, Group) else str(one),
)
def test_what_ends_is_noticed_within_what_the_habit_allows(group: Group, most: int) -> None:
    assert np.median(days_to_notice(group, 80, 30, days=40)) <= most
