"""Evaluates a single event: which rules it meets, and the resulting risk."""

from pipeline.config.groups import DetectSettings
from pipeline.detection.customer import Arrival, apply, risk_at
from pipeline.detection.rules import RuleSet
from pipeline.model.alert import Contribution
from pipeline.model.reading import Scored


def met_rules(
    scored: Scored, rules: RuleSet, settings: DetectSettings
) -> tuple[float, tuple[Contribution, ...]]:
    """Return the risk of a customer with only this event, and each rule's share of it."""
    state, _ = apply(None, [Arrival(scored, 0, 0)], rules, settings)
    return risk_at(state, scored.event.occurred_at, settings)
