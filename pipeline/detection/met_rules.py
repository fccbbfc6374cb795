"""What one event would do by itself: which rules it meets, and the risk that they make."""

from pipeline.config.groups import DetectSettings
from pipeline.detection.customer import Arrival, apply, risk_at
from pipeline.detection.rules import RuleSet
from pipeline.model.alert import Contribution
from pipeline.model.reading import Scored


def met_rules(
    scored: Scored, rules: RuleSet, settings: DetectSettings
) -> tuple[float, tuple[Contribution, ...]]:
    """Return the risk of a customer with this event only, and each rule's share in it."""
    state, _ = apply(None, [Arrival(scored, 0, 0)], rules, settings)
    return risk_at(state, scored.event.occurred_at, settings)
