"""Runs days of the simulated company through the pipeline: readings and alerts."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import load_rules
from pipeline.ingest.privacy import redact_event
from pipeline.model.alert import Alert
from pipeline.model.event import Event
from pipeline.model.reading import Scored
from pipeline.sources.simulate import simulate
from pipeline.text.engine import Engine
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader


class CompanyDays(NamedTuple):
    """The messages of `cx.scored` in order, and the last state of each alert."""

    scored: list[Scored]
    alerts: list[Alert]


def company_days(seed: int, start: datetime, customers: int, days: float) -> CompanyDays:
    """Simulate, read with the engine `fast`, and detect. Deterministic."""
    scored = read(simulate(seed, start, customers, days), load_engine("fast"))
    return CompanyDays(scored, _alerts(scored))


def read(events: Iterable[Event], engine: Engine) -> list[Scored]:
    """Return the messages of `cx.scored` for events in order."""
    redacted = [redact_event(event) for event in events]
    readings = Reader(engine).read_events(redacted)
    return [
        Scored(event, reading, event.occurred_at)
        for event, reading in zip(redacted, readings, strict=True)
    ]


def _alerts(scored: list[Scored]) -> list[Alert]:
    arrivals: defaultdict[str, list[Arrival]] = defaultdict(list)
    for offset, one in enumerate(scored):
        arrivals[one.event.customer_id].append(Arrival(one, 0, offset))
    rules, settings = load_rules(ROOT / "rules"), DetectSettings()
    published = [apply(None, mine, rules, settings)[1] for mine in arrivals.values()]
    return [*{alert.id: alert for some in published for alert in some}.values()]
