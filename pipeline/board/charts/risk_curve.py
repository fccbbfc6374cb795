"""Computes a customer's risk over time, as `detect` does."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.config.groups import DetectSettings
from pipeline.detection.customer import Arrival, CustomerState, apply, risk_at
from pipeline.detection.rules import RuleSet
from pipeline.model.reading import Scored

STEPS = 60
"""Evenly spaced points in addition to the events, since the risk decays in between."""


def risk_curve(
    events: Sequence[Scored], rules: RuleSet, settings: DetectSettings, until: datetime
) -> list[tuple[datetime, float]]:
    """Return times and risks from the first event to `until`, by the current rules.

    `events` are sorted by time. Each event has two points, before and after it.
    """
    if not events:
        return []
    start = events[0].event.occurred_at
    step = max((until - start) / STEPS, timedelta(seconds=1))
    state: CustomerState | None = None
    curve: list[tuple[datetime, float]] = []
    at = start
    for offset, scored in enumerate(events):
        moment = max(start, scored.event.occurred_at)
        while state and at < moment:
            curve.append((at, risk_at(state, at, settings)[0]))
            at += step
        if state:
            curve.append((moment, risk_at(state, moment, settings)[0]))
        state, _ = apply(state, [Arrival(scored, 0, offset)], rules, settings)
        curve.append((moment, risk_at(state, moment, settings)[0]))
        at = max(at, moment + step)
    while state and at < until:
        curve.append((at, risk_at(state, at, settings)[0]))
        at += step
    if state and until > curve[-1][0]:
        curve.append((until, risk_at(state, until, settings)[0]))
    return curve
