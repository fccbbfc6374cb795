"""What a simulated company's days come to: events that are read, and alerts."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from pipeline.alert import Alert
from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import load_rules
from pipeline.kpi import Window
from pipeline.privacy import redact_event
from pipeline.reading import Scored
from pipeline.setting_groups import ROOT, DetectSettings
from pipeline.sources.simulate import simulate
from pipeline.store import Store
from pipeline.text.fast import FastEngine
from pipeline.text.reader import Reader

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = Window(START + timedelta(days=1), START + timedelta(days=2))
"""The second of two days, so that there is a day to compare it with."""


class Days(NamedTuple):
    """All that is stored of two days."""

    scored: list[Scored]
    alerts: list[Alert]


@cache
def days(customers: int = 800) -> Days:
    """Simulate, read and detect; the same each time."""
    events = [redact_event(event) for event in simulate(7, START, customers, days=2.0)]
    written = [event for event in events if event.text]
    texts, languages = [e.text or "" for e in written], [e.language for e in written]
    readings = Reader(FastEngine.load()).read(texts, languages)
    by_id = {e.event_id: reading for e, reading in zip(written, readings, strict=True)}
    scored = [Scored(event, by_id.get(event.event_id), event.occurred_at) for event in events]
    arrivals: defaultdict[str, list[Arrival]] = defaultdict(list)
    for offset, one in enumerate(scored):
        arrivals[one.event.customer_id].append(Arrival(one, 0, offset))
    rules, settings = load_rules(ROOT / "rules"), DetectSettings()
    alerts = [
        alert for mine in arrivals.values() for alert in apply(None, mine, rules, settings)[1]
    ]
    return Days(scored, alerts)


def stored_in(store: Store) -> None:
    """Store the days."""
    store.write_events(days().scored)
    store.write_alerts(days().alerts)
