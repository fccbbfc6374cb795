import numpy as np
import pytest

from evaluation.curve import SHARES, curve
from evaluation.measures import Interval, mean, measure, ratio

SHARES_OF_FOUR = np.array(
    [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]], np.float32
)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_measures_of_four_texts_are_as_by_hand() -> None:
    measures = measure(SHARES_OF_FOUR, np.array([0, 2, 2, 2]), rng())
    assert measures.accuracy.value == 0.5
    # negative: precision 1/2, recall 1; positive: precision 1, recall 1/3; no text is neutral
    assert measures.macro_f1.value == pytest.approx((2 / 3 + 0.5) / 2)
    assert measures.polar_accuracy.value == 0.75
    # bins of 0.8 (two right), 0.5 (wrong), 0.6 (wrong)
    assert measures.calibration_error is not None
    assert measures.calibration_error.value == pytest.approx((0.4 + 0.5 + 0.6) / 4)


def test_macro_f1_counts_a_label_that_is_never_found() -> None:
    measures = measure(SHARES_OF_FOUR[:1].repeat(4, axis=0), np.array([0, 0, 1, 2]), rng())
    assert measures.macro_f1.value == pytest.approx((2 * 0.5 / 1.5 + 0 + 0) / 3)


def test_polarity_leaves_neutral_texts_out_and_counts_ties_half() -> None:
    shares = np.array([[0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.9, 0.1, 0.0]], np.float32)
    assert measure(shares, np.array([0, 2, 1]), rng()).polar_accuracy.value == 0.75


def test_confidence_that_is_right_so_often_has_no_calibration_error() -> None:
    shares = np.tile(np.array([0.75, 0.25, 0.0], np.float32), (400, 1))
    error = measure(shares, np.array([0, 0, 0, 1] * 100), rng()).calibration_error
    assert error is not None
    assert error.value == pytest.approx(0)
    assert error.low == 0


def test_a_figure_is_inside_its_interval_which_narrows_with_more_texts() -> None:
    few = mean([np.array([0.0, 1, 1, 1] * 10)], rng())
    many = mean([np.array([0.0, 1, 1, 1] * 1_000)], rng())
    for one in (few, many):
        assert one.low < one.value == 0.75 < one.high
    # half width for a share: 1.96 * sqrt(p * (1 - p) / n)
    assert few.high - few.low == pytest.approx(2 * 1.96 * np.sqrt(0.75 * 0.25 / 40), rel=0.1)
    assert many.high - many.low == pytest.approx((few.high - few.low) / 10, rel=0.15)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Texts of a model that is right in 7 of 10 cases and says so, but for 0.1 too much."""
    held = {"accuracy": 0, "polar_accuracy": 0, "calibration_error": 0}
    truth = {"accuracy": 0.7, "polar_accuracy": 0.7, "calibration_error": 0.1}
    shares = np.tile(np.array([0.1, 0.1, 0.8], np.float32), (200, 1))
    for seed in range(100):
        labels = np.where(rng(seed).random(200) < 0.7, 2, 0)
        measures = measure(shares, labels, rng(seed))
        for name in held:
            interval: Interval = getattr(measures, name)
            held[name] += interval.low <= truth[name] <= interval.high
    assert all(88 <= count <= 100 for count in held.values()), held


def test_the_same_seed_gives_the_same_interval() -> None:
    values = rng().random(50)
    assert mean([values], rng()) == mean([values], rng()) != mean([values], rng(2))


def test_a_mean_over_groups_does_not_count_their_texts() -> None:
    found = mean([np.ones(90), np.zeros(10)], rng())
    assert found == Interval(0.5, 0.5, 0.5)


def test_a_ratio_is_of_the_sums() -> None:
    found = ratio(np.array([100.0, 100]), np.array([1.0, 3]), rng())
    assert found.value == 50
    assert (found.low, found.high) == (pytest.approx(100 / 3), 100)


def test_the_curve_gives_the_least_sure_texts_to_the_strong_engine() -> None:
    """Of 20 texts `fast` is wrong on those it doubts most, 4 of them; `strong` is always right."""
    labels = np.zeros(20, np.int64)
    sure = np.linspace(0.55, 0.9, 20)
    fast = np.stack((sure, 1 - sure, np.zeros(20)), axis=1).astype(np.float32)
    fast[:4] = fast[:4, [1, 0, 2]]  # says neutral with the same certainty
    strong = np.tile(np.array([1, 0, 0], np.float32), (20, 1))
    points = curve(fast[::-1], strong, labels, (1_000.0, 100.0), rng())
    assert [point.share for point in points] == list(SHARES) == [0, 0.05, 0.1, 0.2, 0.3, 0.5, 1]
    found = [point.accuracy.value for point in points]
    assert found == pytest.approx([0.8, 0.85, 0.9, 1, 1, 1, 1])
    assert points[0].rate == pytest.approx(1_000)
    assert points[3].rate == pytest.approx(1 / (0.001 + 0.2 * 0.01))
    assert points[-1].rate == pytest.approx(1 / (0.001 + 0.01))
