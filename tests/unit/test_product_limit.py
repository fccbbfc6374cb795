"""Medians and other ranks of waits of which some still run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kpi.estimates import quantile
from pipeline.kpi.product_limit import Waits

WAITS = st.lists(st.floats(0, 1e4, allow_subnormal=False), max_size=40)
SHARES = st.sampled_from([0.1, 0.25, 0.5, 0.9])


@pytest.mark.parametrize(
    ("ended", "running", "median", "at_least"),
    [
        # Remission of leukaemia in weeks under 6-MP (Freireich 1963): the textbooks' median is 23.
        (
            [6, 6, 6, 7, 10, 13, 16, 22, 23],
            [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
            23,
            False,
        ),
        ([5, 480, 480, 480], [], 480, False),
        ([5], [59, 58, 57], 57.5, True),
        ([30, 40], [1000], 40, False),
        ([30], [40], 35, True),
        ([30], [20], 30, False),
        ([], [10], 10, True),
    ],
)
def test_the_median(
    ended: list[float], running: list[float], median: float, at_least: bool
) -> None:
    found = quantile(ended, running, 0.5)
    assert (found.value, found.at_least) == (pytest.approx(median), at_least)
    assert (found.n, found.running) == (len(ended) + len(running), len(running))


@given(WAITS.filter(bool), SHARES)
def test_where_nothing_runs_it_is_the_quantile_of_the_sample(waits: list[float], q: float) -> None:
    found = quantile(waits, [], q)
    assert (found.value, found.at_least) == (pytest.approx(np.quantile(waits, q), abs=1e-6), False)


@given(WAITS, WAITS.filter(bool), SHARES)
def test_what_runs_never_makes_waits_look_shorter(
    ended: list[float], running: list[float], q: float
) -> None:
    found = quantile(ended, running, q).value
    assert found is not None
    assert found >= np.quantile([*ended, *running], q) - 1e-6


@given(WAITS.filter(bool), st.lists(st.floats(1, 1e4), max_size=40), SHARES)
def test_how_long_the_longest_will_run_makes_no_difference_once_it_is_known(
    ended: list[float], more: list[float], q: float
) -> None:
    running = [max(ended) + wait for wait in more]
    found = quantile(ended, running, q)
    if not found.at_least:
        assert quantile(ended, [2 * wait for wait in running], q).value == found.value


@given(WAITS, WAITS)
def test_a_higher_rank_is_a_longer_wait(ended: list[float], running: list[float]) -> None:
    waits = Waits(ended, running)
    known = [wait for rank in np.arange(0, len(waits), 0.5) if (wait := waits.at(rank)) is not None]
    assert known == sorted(known)


def test_the_interval_of_a_median_that_nobody_knows_yet_has_no_end() -> None:
    found = quantile([1, 2, 3, 4], [10, 11, 12, 13, 14, 15], 0.5)
    assert (found.value, found.ci_low, found.ci_high) == (10.5, 2, None)
    assert found.at_least
