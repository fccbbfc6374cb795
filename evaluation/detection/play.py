"""Plays weeks of the simulated company through reading and detection, without Kafka."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from benchmarks.company import read
from pipeline.calendar.calendar_file import load_calendars
from pipeline.common.epoch_micros import to_micros
from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.customer import Arrival, CustomerState, apply
from pipeline.detection.rules import RuleSet, load_rules
from pipeline.model.alert import Alert
from pipeline.model.reading import Scored
from pipeline.sources.simulate import Truth, simulate_with_truth
from pipeline.text.engine import Engine


class Played(NamedTuple):
    """The numbers of events and of customers who have any, what is true of them, and the alerts.

    Of each alert that was not withdrawn the last state; it tells when the alert was opened.
    """

    events: int
    customers: int
    truths: list[Truth]
    alerts: list[Alert]


def play(seed: int, start: datetime, customers: int, days: float, engine: Engine) -> Played:
    """Simulate, read and detect. Deterministic."""
    events, truths = simulate_with_truth(seed, start, customers, days)
    by_customer: defaultdict[str, list[Scored]] = defaultdict(list)
    for scored in read(events, engine):
        by_customer[scored.event.customer_id].append(scored)
    calendars = load_calendars(ROOT / "desk" / "calendar.yaml")
    rules, settings = load_rules(ROOT / "rules", calendars), DetectSettings()
    end = to_micros(start + timedelta(days=days))
    alerts = [one for mine in by_customer.values() for one in _alerts(mine, rules, settings, end)]
    there = [alert for alert in alerts if alert.state != "withdrawn"]
    return Played(len(events), len(by_customer), truths, there)


def _alerts(
    mine: Sequence[Scored], rules: RuleSet, settings: DetectSettings, end: int
) -> list[Alert]:
    """Return the last state of each alert of a customer, once time has passed until `end`."""
    state: CustomerState | None = None
    known: dict[str, Alert] = {}
    for offset, scored in enumerate(mine):
        state, changes = apply(state, [Arrival(scored, 0, offset)], rules, settings)
        known.update((alert.id, alert) for alert in changes)
    if state:
        _, changes = apply(state, (), rules, settings, end)
        known.update((alert.id, alert) for alert in changes)
    return list(known.values())
