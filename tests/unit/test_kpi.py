"""The published figures of each interval, and how definitions form values."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kpi.definitions import DEFINITIONS, KPIS, Facts, Window, kpi_values
from pipeline.kpi.estimates import balance, quantile, ratio, share
from pipeline.kpi.formulas import Spread


@pytest.mark.parametrize(
    ("promoters", "detractors", "n", "low", "high"),
    [
        (45, 20, 100, 9.48, 39.06),
        (5, 2, 10, -19.05, 65.20),
        (450, 200, 1000, 20.18, 29.67),
        (0, 3, 3, -100, 6.58),
    ],
)
def test_adjusted_wald(promoters: int, detractors: int, n: int, low: float, high: float) -> None:
    estimate = balance(promoters, detractors, n)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((low, high), abs=0.006)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(8, 10, 49.02, 94.33), (80, 100, 71.12, 86.66), (4, 4, 51.01, 100)]
)
def test_wilson(k: int, n: int, low: float, high: float) -> None:
    estimate = share(k, n)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((low, high), abs=0.006)


@pytest.mark.parametrize(
    ("promoters", "detractors", "n", "value"),
    [
        (4, 2, 7, 29),
        (2, 4, 7, -29),
        (1, 0, 8, 13),
        (0, 1, 8, -13),
        (5, 0, 8, 63),
        (0, 5, 8, -63),
        (1, 1, 2, 0),
    ],
)
def test_nps_is_rounded_once_from_the_counts(
    promoters: int, detractors: int, n: int, value: int
) -> None:
    counts = {"promoters": promoters, "detractors": detractors, "nps_answers": n}
    assert KPIS["nps"].estimate(Facts(counts), None).value == value


def test_no_answers_have_no_value() -> None:
    for estimate in (balance(0, 0, 0), share(0, 0), quantile([], [], 0.5)):
        assert estimate[:4] == (None, 0, None, None)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (60, 100, 43.76, 82.81),
        (150, 100, 116.34, 192.76),
        # Clopper and Pearson: 1 of 4 is 0.63–80.59 %, so 1 of 3 is 0.63–415.14.
        (0, 100, 0, 3.757763),
        (4, 100, 1.069034, 10.565052),
        (1, 3, 0.634953, 415.144078),
    ],
)
def test_a_ratio_of_two_counts_may_exceed_100(k: int, n: int, low: float, high: float) -> None:
    estimate = ratio(k, n)
    assert (estimate.value, estimate.n) == (100 * k / n, n)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((low, high), abs=0.006)


@settings(max_examples=100)
@given(st.tuples(*[st.integers(0, 10_000)] * 3).filter(any))
def test_intervals_hold_their_value_and_stay_on_the_scale(counts: tuple[int, int, int]) -> None:
    plus, minus, n = *counts[:2], sum(counts)
    difference, part = balance(plus, minus, n), share(plus, n)
    assert -100 <= difference.ci_low <= difference.ci_high <= 100
    assert 0 <= part.ci_low <= part.value + 1e-9
    assert part.value - 1e-9 <= part.ci_high <= 100


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_ratio_is_within_its_interval(k: int, n: int) -> None:
    estimate = ratio(k, n)
    assert 0 <= estimate.ci_low <= estimate.value <= estimate.ci_high


def test_quantiles_interpolate() -> None:
    assert quantile([1, 2, 3, 10], [], 0.5)[:4] == (2.5, 4, None, None)
    assert quantile([0, 10], [], 0.9).value == pytest.approx(9)


@pytest.mark.parametrize(
    ("n", "q", "ranks"),
    [
        (5, 0.5, None),
        (6, 0.5, (1, 6)),
        (10, 0.5, (2, 9)),
        (30, 0.5, (10, 21)),
        (100, 0.5, (40, 61)),
        (35, 0.9, None),
        (36, 0.9, (29, 36)),
        (100, 0.9, (84, 96)),
        (100_000, 0.5, (49_690, 50_311)),
    ],
)
def test_quantiles_lie_between_two_ranks(n: int, q: float, ranks: tuple[int, int] | None) -> None:
    estimate = quantile([*range(n, 0, -1)], [], q)
    assert (estimate.ci_low, estimate.ci_high) == (ranks or (None, None))


def answers_of(answers: Sequence[Sequence[int]]) -> tuple[int, int, int, Spread]:
    """Promoters, detractors, n and spread of what each customer answered: 1, 0 or -1 each."""
    every = [one for own in answers for one in own]
    sums = [(sum(own), len(own)) for own in answers]
    squares = (
        sum(y * y for y, _ in sums),
        sum(y * m for y, m in sums),
        sum(m * m for _, m in sums),
    )
    return every.count(1), every.count(-1), len(every), Spread(len(answers), *squares)


@given(st.lists(st.sampled_from([1, 0, -1]), min_size=1, max_size=200))
def test_where_each_customer_answers_once_the_interval_is_as_without_customers(
    answers: list[int],
) -> None:
    plus, minus, n, spread = answers_of([[answer] for answer in answers])
    assert balance(plus, minus, n, spread) == pytest.approx(balance(plus, minus, n))
    assert share(plus, n, spread) == pytest.approx(share(plus, n))


@given(st.lists(st.lists(st.sampled_from([1, 0, -1]), min_size=1), min_size=1, max_size=50))
def test_who_answers_often_makes_no_interval_narrower(answers: list[list[int]]) -> None:
    plus, minus, n, spread = answers_of(answers)
    of_people, of_answers = balance(plus, minus, n, spread), balance(plus, minus, n)
    assert of_people[:2] == of_answers[:2]
    width = of_people.ci_high - of_people.ci_low
    assert width >= of_answers.ci_high - of_answers.ci_low - 1e-9 or width > 100


def test_many_answers_of_one_customer_tell_as_much_as_one() -> None:
    plus, minus, n, spread = answers_of([[1] * 5])
    assert balance(plus, minus, n, spread)[2:] == pytest.approx(balance(1, 0, 1)[2:])
    assert share(plus, n, spread)[2:] == pytest.approx(share(1, 1)[2:])


@pytest.mark.parametrize(("times", "agreement"), [(2, 0.6), (5, 0.6), (5, 1.0)])
@pytest.mark.parametrize("n", [30, 100, 1000])
def test_intervals_hold_the_truth_where_customers_answer_often(
    times: int, agreement: float, n: int
) -> None:
    """In 1,000 samples of NPS 25; an answer is the customer's usual one with √agreement."""
    rng = np.random.default_rng(5)
    size, chances = (1000, n // times), (0.45, 0.35, 0.20)
    usual = rng.choice([1, 0, -1], size=(*size, 1), p=chances)
    other = rng.choice([1, 0, -1], size=(*size, times), p=chances)
    drawn = np.where(rng.random((*size, times)) < math.sqrt(agreement), usual, other)
    held = {"nps": 0, "promoters": 0}
    for sample in drawn.tolist():
        plus, minus, answers, spread = answers_of(sample)
        for name, true, estimate in (
            ("nps", 25, balance(plus, minus, answers, spread)),
            (
                "promoters",
                45,
                share(
                    plus, answers, answers_of([[max(one, 0) for one in own] for own in sample])[3]
                ),
            ),
        ):
            held[name] += estimate.ci_low <= true <= estimate.ci_high
    assert min(held.values()) >= 900, held


def test_every_kpi_is_formed_and_provisional_until_its_wait_is_over() -> None:
    end = datetime(2026, 3, 2, 12, tzinfo=UTC)
    window = Window(end - timedelta(hours=1), end)
    values = {v.kpi: v for v in kpi_values(Facts(), {"brand": "A"}, window, end)}
    assert len(values) == len(DEFINITIONS)
    assert values["csat"].slice == {"brand": "A"}
    assert {name for name, value in values.items() if value.provisional} == {
        "self_service_rate",
        "first_contact_resolution",
        "rescue_rate",
    }
