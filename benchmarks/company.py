"""Runs days of the simulated company through the pipeline: readings and alerts."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import load_rules
from pipeline.ingest.privacy import redact_event
from pipeline.model.alert import Alert
from pipeline.model.reading import Scored
from pipeline.sources.simulate import simulate
from pipeline.text.fast import FastEngine
from pipeline.text.reader import Reader


class CompanyDays(NamedTuple):
    """The messages of `cx.scored` in order, and the last state of each alert."""

    scored: list[Scored]
    alerts: list[Alert]


def company_days(seed: int, start: datetime, customers: int, days: float) -> CompanyDays:
    """Simulate, read with the engine `fast`, and detect. Deterministic."""
    events = [redact_event(event) for event in simulate(seed, start, customers, days)]
    readings = Reader(FastEngine.load()).read_events(events)
    scored = [
        Scored(event, reading, event.occurred_at)
        for event, reading in zip(events, readings, strict=True)
    ]
    return CompanyDays(scored, _alerts(scored))


def _alerts(scored: list[Scored]) -> list[Alert]:
    arrivals: defaultdict[str, list[Arrival]] = defaultdict(list)
    for offset, one in enumerate(scored):
        arrivals[one.event.customer_id].append(Arrival(one, 0, offset))
    rules, settings = load_rules(ROOT / "rules"), DetectSettings()
    published = [apply(None, mine, rules, settings)[1] for mine in arrivals.values()]
    return [*{alert.id: alert for some in published for alert in some}.values()]
