"""A customer's risk over time, as `detect` saw it go."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.config.groups import DetectSettings
from pipeline.detection.customer import Arrival, CustomerState, apply, risk_at
from pipeline.detection.rules import RuleSet
from pipeline.model.reading import Scored

STEPS = 60
"""Points between the events, at even distances: in between the risk decays."""


def risk_curve(
    events: Sequence[Scored], rules: RuleSet, settings: DetectSettings, until: datetime
) -> list[tuple[datetime, float]]:
    """Return times and risks from the first event to `until`; events from the oldest on.

    At an event there are two points, before and after it. By the rules as they are now.
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
