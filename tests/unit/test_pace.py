"""How fast messages come: known within a second or two, whatever the moments of the looks."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.runtime.pace import Pace


@given(st.integers(0, 5_000), st.lists(st.floats(0.01, 0.5), min_size=1, max_size=300))
def test_a_steady_pace_is_known_after_some_seconds(rate: int, pauses: list[float]) -> None:
    pace, told = Pace(0, 0.0), 0.0
    for at in accumulate(pauses):
        told = pace.after(int(rate * at), at)
    if sum(pauses) > 6:
        assert told == pytest.approx(rate, rel=0.05, abs=110)  # a look may be 10 ms after another
    assert told <= rate + 100


def test_a_burst_is_seen_at_once_and_its_end_within_two_seconds() -> None:
    pace = Pace(0, 0.0)
    assert pace.after(1_000, 0.1) > 50
    assert pace.after(1_000, 1.1) > 50
    assert [pace.after(1_000, at) < 50 for at in (5.0, 9.0)] == [True, True]


def test_partitions_that_go_are_no_messages() -> None:
    pace = Pace(10_000, 0.0)
    assert pace.after(500, 1.0) == 0
    assert pace.after(500, 1.0) == 0
