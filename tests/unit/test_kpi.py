"""The published figures of each interval, and how definitions form values."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kpi.definitions import DEFINITIONS, Facts, Window, kpi_values
from pipeline.kpi.estimates import balance, nps, quantile, share


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
    [(4, 2, 7, 29), (2, 4, 7, -29), (1, 0, 8, 13), (0, 1, 8, -13), (1, 1, 2, 0)],
)
def test_nps_is_rounded_once_from_the_counts(
    promoters: int, detractors: int, n: int, value: int
) -> None:
    assert nps(promoters, detractors, n).value == value


def test_no_answers_have_no_value() -> None:
    for estimate in (balance(0, 0, 0), nps(0, 0, 0), share(0, 0), quantile([], 0.5)):
        assert estimate == (None, 0, None, None)


def test_more_returns_than_orders_are_no_share() -> None:
    assert share(3, 2) == (150, 2, None, None)


@settings(max_examples=100)
@given(st.tuples(*[st.integers(0, 10_000)] * 3).filter(any))
def test_intervals_hold_their_value_and_stay_on_the_scale(counts: tuple[int, int, int]) -> None:
    plus, minus, n = *counts[:2], sum(counts)
    difference, part = balance(plus, minus, n), share(plus, n)
    assert -100 <= difference.ci_low <= difference.ci_high <= 100
    assert 0 <= part.ci_low <= part.value + 1e-9
    assert part.value - 1e-9 <= part.ci_high <= 100


def test_quantiles_interpolate() -> None:
    assert quantile([1, 2, 3, 10], 0.5) == (2.5, 4, None, None)
    assert quantile([0, 10], 0.9).value == pytest.approx(9)


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
