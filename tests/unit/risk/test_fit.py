"""A model of risk fitted to histories of which the truth is known."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from pipeline.model.risk_model import RiskModel
from pipeline.risk.examples import CustomerMonth, customer_months, moments_of
from pipeline.risk.fit import Basis, Unfit, fit
from tests.support.customers import RULES, SETTINGS
from tests.support.leaving_customers import FIRST, MONTH, USUAL, Life, histories

MONTHS = 9
MOMENTS = moments_of(FIRST, FIRST + MONTHS * MONTH)
BASIS = Basis(datetime(2026, 1, 1, tzinfo=UTC), RULES.version, 7.0, SETTINGS.risk_threshold)


def months_of(seed: int, customers: int, life: Life = USUAL) -> list[CustomerMonth]:
    return [
        month
        for history in histories(seed, customers, MONTHS, life)
        for month in customer_months(history, MOMENTS, RULES, SETTINGS)
    ]


@pytest.fixture(scope="module")
def months() -> list[CustomerMonth]:
    return months_of(7, 800)


@pytest.fixture(scope="module")
def model(months: list[CustomerMonth]) -> RiskModel:
    return fit(months, BASIS)


def test_a_model_is_calibrated_on_months_after_those_of_its_fit(model: RiskModel) -> None:
    check = model.check
    assert check.start >= model.end
    assert check.calibration_error <= 0.05
    assert check.n == sum(one.n for one in check.reliability)
    assert check.left == sum(one.left for one in check.reliability)
    means = [one.predicted for one in check.reliability]
    assert means == sorted(means)


def test_who_is_likely_to_leave_is_told_from_who_is_not(model: RiskModel) -> None:
    assert model.check.lift > 2
    assert model.check.lift_low < model.check.lift < model.check.lift_high


def test_no_feature_lowers_the_risk_and_what_was_made_to_matter_does(model: RiskModel) -> None:
    assert model.weights
    assert all(weight > 0 for weight in model.weights.values())
    assert model.weights["customer.silence"] > 0
    assert {"churn_intent", "furious_message", "negative_message"} & model.weights.keys()


def test_the_probabilities_are_those_by_which_customers_left(
    model: RiskModel, months: list[CustomerMonth]
) -> None:
    risks = [model.probability(sum(model.parts(one.features).values())) for one in months]
    troubled = [
        risk
        for risk, one in zip(risks, months, strict=True)
        if one.features.get("churn_intent", 0) > 0.7 and not one.features["customer.silence"]
    ]
    assert sum(troubled) / len(troubled) == pytest.approx(
        USUAL.leaves + USUAL.leaves_troubled, abs=0.07
    )


def test_as_many_ring_as_by_the_score(model: RiskModel, months: list[CustomerMonth]) -> None:
    risks = [model.probability(sum(model.parts(one.features).values())) for one in months]
    by_score = sum(one.score >= SETTINGS.risk_threshold for one in months)
    assert sum(risk > model.threshold for risk in risks) <= by_score * 1.25 + 1


def test_the_same_history_gives_the_same_model(
    model: RiskModel, months: list[CustomerMonth]
) -> None:
    assert fit(months[::-1], BASIS).weights == pytest.approx(model.weights)


@pytest.mark.parametrize(
    ("customers", "life", "why"),
    [
        (40, USUAL, "too little history: in [0-9]+ of [0-9]+ customer-months"),
        (400, Life(leaves=0.0, leaves_troubled=0.0, leaves_silent=0.0), "at least 50 are needed"),
    ],
)
def test_too_few_who_left_are_no_basis(customers: int, life: Life, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        fit(months_of(3, customers, life), BASIS)


def test_too_few_months_are_no_basis(months: list[CustomerMonth]) -> None:
    with pytest.raises(Unfit, match="at least four months"):
        fit([one for one in months if one.at <= MOMENTS[1]] * 3, BASIS)


def test_a_part_without_anyone_who_left_is_no_basis(months: list[CustomerMonth]) -> None:
    last = [one if one.at < MOMENTS[-2] else one._replace(left=False) for one in months]
    with pytest.raises(Unfit, match=r"of the months to check by, .* 0 have a customer who left"):
        fit(last, BASIS)


def test_what_tells_no_longer_is_refused(months: list[CustomerMonth]) -> None:
    turned = [
        one
        if one.at < MOMENTS[-4]
        else one._replace(left=not one.features.get("churn_intent", 0) > 0.1)
        for one in months
    ]
    with pytest.raises(Unfit, match="does not in later ones"):
        fit(turned, BASIS)


def test_what_changed_after_the_fit_is_refused(months: list[CustomerMonth]) -> None:
    later = [one if one.at < MOMENTS[-2] else one._replace(left=True) for one in months]
    with pytest.raises(Unfit, match=r"more than 0\.05"):
        fit(later, BASIS)


def test_history_in_which_nothing_tells_is_refused(months: list[CustomerMonth]) -> None:
    blank = [one._replace(features={"customer.silence": 0.0}) for one in months]
    with pytest.raises(Unfit, match="nothing in the history tells"):
        fit(blank, BASIS)


def test_a_moment_knows_nothing_of_what_came_after_it() -> None:
    for history in histories(5, 20, MONTHS):
        whole = list(customer_months(history, MOMENTS, RULES, SETTINGS))
        for month in whole:
            before = [one for one in history if one.event.occurred_at <= month.at]
            *_, last = customer_months(before, [month.at], RULES, SETTINGS)
            assert (last.features, last.score) == (month.features, month.score)


def test_moments_have_a_horizon_before_and_after() -> None:
    assert MOMENTS[0] == FIRST + MONTH
    assert MOMENTS[-1] == FIRST + (MONTHS - 1) * MONTH
    assert all(later - earlier == MONTH for earlier, later in pairwise(MOMENTS))
    assert moments_of(FIRST, FIRST + MONTH) == []
