"""Measures the effect of overload on memory, severe alerts and results."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
from clickhouse_driver import Client

from benchmarks.machine import Machine
from benchmarks.observe import Moment, Raised, Seen, latency
from pipeline.config.settings import Settings
from pipeline.contracts.topology import SCORED
from pipeline.detection.customer import Arrival, apply
from pipeline.detection.rules import RuleBook
from pipeline.model.alert import Alert
from pipeline.model.reading import Scored

SEVERE = ("high", "critical")
URGENT = ("churn_intent", "threat_to_escalate")
"""Causes that a single text can have: `triage` sends these events ahead of their turn."""
PLOTTED = 2_000
"""Most alerts in the plot."""
SAMPLED = 20
"""One customer in so many is folded again for the comparison."""


def overload(flooded: Seen, calm: Sequence[Moment]) -> dict[str, object]:
    """Summarize a load; `calm` are the loads before, below the sustained rate."""
    urgent = [one for one in flooded.alerts if one.cause in URGENT]
    severe = [one for one in flooded.alerts if one.severity in SEVERE and one.cause not in URGENT]
    return {
        "caught_up_s": flooded.series[-1].at,
        "memory_ratio": {
            role: max(one.rss_mb[role] for one in flooded.series)
            / max(one.rss_mb[role] for one in calm)
            for role in flooded.series[-1].rss_mb
        },
        "urgent_alert_ms": latency([one.latency for one in urgent]),
        "severe_alert_ms": latency([one.latency for one in severe]),
        "urgent_alerts": _some(urgent),
        "severe_alerts": _some(severe),
        "series": flooded.series,
    }


def _some(alerts: Sequence[Raised]) -> list[tuple[float, float]]:
    return [(one.due, one.latency) for one in alerts[:: 1 + len(alerts) // PLOTTED]]


def equal(machine: Machine, store_url: str, sent: int) -> dict[str, object]:
    """Compare stored with sent events, and the alerts of sampled customers with a new fold.

    The fold takes all events of these customers, one message at a time.
    """
    client = Client(*machine.store, store_url.rpartition("/")[2])
    [(stored, ids)] = client.execute(
        "SELECT count(), uniqExact(event_id) FROM events FINAL WHERE is_deleted = 0"
    )
    [(counted,)] = client.execute("SELECT sum(events) FROM kpi_minutes FINAL")
    alerts = client.execute("SELECT alert FROM alerts FINAL")
    found = _final(msgspec.json.decode(encoded, type=Alert) for (encoded,) in alerts)
    expected = _final(_folded(machine))
    return {
        "stored": stored == ids == sent,
        "kpis": counted == sent,
        "alerts": found == expected,
        "alerts_compared": len(expected),
    }


def _final(alerts: Iterator[Alert]) -> dict[str, tuple[str, str]]:
    """Return state and severity of the sampled customers' alerts, without withdrawn ones."""
    return {
        alert.id: (alert.state, alert.severity)
        for alert in alerts
        if _is_sampled(alert.customer_id) and alert.state != "withdrawn"
    }


def _is_sampled(customer_id: str) -> bool:
    return zlib.crc32(customer_id.encode()) % SAMPLED == 0


def _folded(machine: Machine) -> Iterator[Alert]:
    """Yield the last revision of each alert of the sampled customers, folded from `cx.scored`."""
    decoder = msgspec.json.Decoder(Scored)
    settings = Settings().detect
    rules = RuleBook(settings.rules).rules
    history: defaultdict[str, list[Arrival]] = defaultdict(list)
    for message in machine.messages(SCORED):
        if _is_sampled(message.key().decode()):
            one = Arrival(decoder.decode(message.value()), message.partition(), message.offset())
            history[one.scored.event.customer_id].append(one)
    for arrivals in history.values():
        last: dict[str, Alert] = {}
        state = None
        for arrival in arrivals:
            state, alerts = apply(state, [arrival], rules, settings)
            last |= {alert.id: alert for alert in alerts}
        yield from last.values()
