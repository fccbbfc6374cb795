"""Computes a customer's risk over time, as `detect` does."""

from collections.abc import Sequence
from datetime import datetime

from pipeline.config.groups import DetectSettings
from pipeline.detection.customer import Arrival, CustomerState, apply, risk_at
from pipeline.detection.rules import RuleSet
from pipeline.model.reading import Scored


def risk_curve(
    events: Sequence[Scored], rules: RuleSet, settings: DetectSettings, until: datetime
) -> list[tuple[datetime, float]]:
    """Return times and risks from the first event to `until`, by the current rules.

    `events` are sorted by time. Each event has two points, before and after it.
    """
    state: CustomerState | None = None
    curve: list[tuple[datetime, float]] = []
    for offset, scored in enumerate(events):
        at = scored.event.occurred_at
        if state:
            curve.append((at, risk_at(state, at, settings)[0]))
        state, _ = apply(state, [Arrival(scored, 0, offset)], rules, settings)
        curve.append((at, risk_at(state, at, settings)[0]))
    if state and until > curve[-1][0]:
        curve.append((until, risk_at(state, until, settings)[0]))
    return curve
