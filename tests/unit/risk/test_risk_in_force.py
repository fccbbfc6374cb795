"""A model in force: risk is a probability, whose parts add up and which silence cannot lower."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.groups import DetectSettings
from pipeline.config.settings import SettingsError, load_settings
from pipeline.detection.customer import Arrival, CustomerState, apply, risk_at
from pipeline.detection.signs import SIGNS
from pipeline.model.alert import Alert
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.model.risk_model import Check, RiskModel, load_risk_model
from tests.support.customers import RULES, START, event, histories, leaving, reading

AT = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = RiskModel(
    version=1,
    fitted_at=AT,
    start=AT,
    end=AT,
    n=4_000,
    left=300,
    horizon_days=30,
    half_life_days=7.0,
    rules_version="r",
    intercept=-4.0,
    weights={
        "churn_intent": 1.5,
        "negative_message": 2.0,
        "dissatisfied_score": 0.7,
        **dict.fromkeys(SIGNS, 0.6),
    },
    threshold=0.2,
    check=Check(AT, AT, 900, 60, 0.02, 3.0, 2.0, 4.0, ()),
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> DetectSettings:
    """The settings by which the model is in force."""
    file = tmp_path_factory.mktemp("model") / "risk.yaml"
    file.write_bytes(msgspec.yaml.encode(MODEL))
    return DetectSettings(risk_model=str(file))


def after(settings: DetectSettings, *events: Scored) -> tuple[CustomerState, list[Alert]]:
    return apply(None, [Arrival(one, 0, n) for n, one in enumerate(events)], RULES, settings)


def test_a_model_is_read_as_it_was_written(settings: DetectSettings) -> None:
    assert settings.fitted == MODEL == load_risk_model(Path(settings.risk_model))


def log_odds(risk: float) -> float:
    return math.log(risk / (1 - risk))


@given(history=histories())
def test_parts_add_up_to_the_log_odds_and_shares_to_one(
    settings: DetectSettings, history: list[Scored]
) -> None:
    state, alerts = after(settings, *history)
    risks = [(one.risk, one.contributions) for one in alerts if one.contributions]
    for risk, parts in [*risks, risk_at(state, START + timedelta(days=90), settings)]:
        assert 0 < risk < 1
        assert MODEL.intercept + sum(part.load for part in parts) == pytest.approx(log_odds(risk))
        assert all(part.load > 0 for part in parts)
        assert not parts or sum(part.share for part in parts) == pytest.approx(1)


@given(history=histories(), waits=st.lists(st.floats(0, 100), max_size=5))
def test_silence_never_lowers_a_probability(
    settings: DetectSettings, history: list[Scored], waits: list[float]
) -> None:
    state, _ = after(settings, *history)
    moments = [START + timedelta(days=10 + days) for days in sorted(waits)]
    risks = [risk_at(state, moment, settings)[0] for moment in moments]
    assert risks == sorted(risks)


def test_an_alert_says_whether_its_risk_is_a_probability(settings: DetectSettings) -> None:
    _, (by_model,) = after(settings, leaving("e", 0))[0], after(settings, leaving("e", 0))[1][:1]
    (by_hand,) = after(DetectSettings(), leaving("e", 0))[1]
    assert (by_model.calibrated, by_hand.calibrated) == (True, False)
    shares = {part.rule for part in by_model.contributions}
    assert shares == {
        "churn_intent",
        "negative_message",
        "customer.negativity",
        "customer.effort",
    }


def test_the_threshold_of_rules_is_that_of_the_model(settings: DetectSettings) -> None:
    def causes(with_: DetectSettings, *events: Scored) -> set[str]:
        return {one.cause for one in after(with_, *events)[1]}

    negative = reading("negative")
    grumbles = [event(f"m{day}", EventType.CALL, 24 * day, negative) for day in range(3)]
    assert "risk_over_threshold" in causes(settings, *grumbles)
    assert "risk_over_threshold" not in causes(settings, event("v", EventType.VISIT, 0))
    assert (settings.threshold, DetectSettings().threshold) == (0.2, 0.8)


def test_who_falls_silent_against_habit_is_at_more_risk(settings: DetectSettings) -> None:
    visits = [event(f"v{week}", EventType.VISIT, 7 * 24 * week) for week in range(6)]
    state, _ = after(settings, *visits)
    usual, late, gone = (
        risk_at(state, START + timedelta(days=35 + days), settings) for days in (6, 15, 40)
    )
    assert (usual[0], usual[1]) == (pytest.approx(MODEL.probability(0)), ())
    assert usual[0] < late[0] < gone[0]
    assert [part.rule for part in gone[1]] == ["customer.silence"]


def test_silence_of_a_customer_without_known_habit_tells_nothing(settings: DetectSettings) -> None:
    burst = [event(f"v{minute}", EventType.VISIT, minute / 60) for minute in range(30)]
    state, _ = after(settings, *burst)
    assert risk_at(state, START + timedelta(days=90), settings)[1] == ()


def test_another_model_has_customers_judged_anew(settings: DetectSettings) -> None:
    state, _ = after(DetectSettings(), leaving("e", 0))
    visit = Arrival(event("v", EventType.VISIT, 0.1), 0, 1)
    assert any(one.calibrated for one in apply(state, [visit], RULES, settings)[1])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"weights": {"a": -0.1}}, "weights"),
        ({"threshold": 1.5}, "threshold"),
        ({"version": 2}, "version"),
        ({"half_life_days": 5.0}, "was fitted with NABIZ_DETECT_HALF_LIFE_DAYS=5"),
    ],
)
def test_a_wrong_model_is_refused_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], why: str
) -> None:
    file = tmp_path / "risk.yaml"
    file.write_bytes(msgspec.yaml.encode(msgspec.to_builtins(MODEL) | change))
    monkeypatch.setenv("NABIZ_DETECT_RISK_MODEL", str(file))
    with pytest.raises(SettingsError, match=f"NABIZ_DETECT_RISK_MODEL: .*{why}"):
        load_settings()


def test_a_model_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABIZ_DETECT_RISK_MODEL", "nowhere.yaml")
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: cannot be read"):
        load_settings()
