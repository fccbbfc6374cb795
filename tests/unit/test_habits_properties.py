"""What holds of any habit."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection.habits.closing import closed, next_look
from pipeline.detection.habits.habit import REMEMBERED, Habit, with_value
from pipeline.detection.habits.level import needed, scaled, unscaled
from pipeline.detection.habits.limits import LIMITS, Measure
from pipeline.detection.habits.silence import Pace, chance_of
from tests.support.habits import MONDAY

GIVEN = st.tuples(st.integers(MONDAY, MONDAY + 90), st.integers(1, 50))
MEASURES = st.sampled_from(["amount", "count"])


def habit_of(values: list[tuple[int, int]]) -> Habit:
    habit = Habit()
    for day, value in values:
        habit = with_value(habit, day, float(value))
    return habit


@given(
    st.lists(GIVEN, max_size=200).flatmap(lambda one: st.tuples(st.just(one), st.permutations(one)))
)
def test_the_order_of_values_does_not_matter(
    both: tuple[list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    straight, shuffled = map(habit_of, both)
    assert straight == shuffled
    sums: dict[int, int] = {}
    for day, value in both[0]:
        sums[day] = sums.get(day, 0) + value
    newest = dict(sorted(sums.items())[-REMEMBERED:])
    assert straight.values(MONDAY + 90) == newest


@given(st.lists(GIVEN, max_size=120), st.integers(0, 100), MEASURES)
def test_a_day_that_is_not_over_changes_nothing(
    values: list[tuple[int, int]], day: int, measure: Measure
) -> None:
    values = values[:REMEMBERED]  # so that none is left out for a later one
    over = [one for one in values if one[0] <= MONDAY + day]
    known, alone = (closed(habit_of(some), MONDAY + day, measure) for some in (values, over))
    assert (known.state, known.news) == (alone.state, alone.news)


@given(st.lists(st.integers(MONDAY, MONDAY + 90), min_size=1, unique=True, max_size=60), MEASURES)
def test_looking_only_when_due_tells_silence_on_the_day_on_which_looking_daily_does(
    days: list[int], measure: Measure
) -> None:
    habit = habit_of([(day, 2) for day in days])
    last = max(days)
    daily = (day for day in range(last + 1, last + 2_000) if closed(habit, day, measure).news)
    told, due = None, next_look(habit, last)
    looks = 0
    while due is not None and told is None:
        looks += 1
        end = closed(habit, due, measure)
        told = due if end.news else None
        assert end.news or next_look(habit, due) != due
        due = next_look(end.habit, due)
    assert looks <= 2
    assert told is None or told == next(daily)
    assert told is None or due is None  # nothing more can be told until something comes


@given(st.integers(5, 60), st.floats(1, 100), st.floats(1, LIMITS.most_regular))
def test_a_longer_gap_is_rarer(gaps: int, total: float, shape: float) -> None:
    pace = Pace((0.5,) * 7, 0.5, gaps, total, shape)
    chances = [chance_of(pace, missed) for missed in np.linspace(0, 10 * total, 40).tolist()]
    assert chances[0] == 1.0
    assert all(after <= before + 1e-12 for before, after in pairwise(chances))


@pytest.mark.parametrize("shape", [1, 2, 4])
def test_the_chance_of_a_gap_is_that_of_gaps_with_as_many_known_before(shape: int) -> None:
    rng = np.random.default_rng(1)
    known = rng.gamma(shape, size=(200_000, 10)).sum(axis=1)
    ratio = rng.gamma(shape, size=200_000) / known
    for missed in (0.1, 0.3, 0.6):
        chance = chance_of(Pace((1.0,) * 7, 1.0, 10, 1.0, float(shape)), missed)
        assert np.mean(ratio >= missed) == pytest.approx(chance, abs=0.004)


@given(st.floats(0.01, 1e6), MEASURES)
def test_a_scaled_value_can_be_read_again(value: float, measure: Measure) -> None:
    assert unscaled(scaled(value, measure), measure) == pytest.approx(value, rel=1e-6)


@given(st.floats(1e-9, LIMITS.outlier), st.floats(100, 1e6))
def test_the_proof_that_is_needed_keeps_siegmunds_mean_time_to_a_false_alarm(
    shift: float, days: float
) -> None:
    height = needed(shift, days)
    assert height > 0
    x = height + 1.166 * shift
    assert (np.expm1(x) - x) / (shift * shift / 2) >= 0.9 * days
