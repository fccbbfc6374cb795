"""Builds customers and their events for the tests of detection."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import strategies as st

from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.customer import Arrival, CustomerState, apply, decode_state, encode_state
from pipeline.detection.rules import load_rules
from pipeline.model.alert import Alert
from pipeline.model.event import Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Intent, Label, Probabilities, Reading, Scored

RULES = load_rules(ROOT / "rules")
SETTINGS = DetectSettings()
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
TEXT = "Üç gündür bekliyorum. Bir daha almam sizden! Yazık."
CHURN = Intent("churn", 22, 36)


def reading(label: Label, intensity: float = 0.5, *intents: Intent) -> Reading:
    shares = {"negative": 0.05, "neutral": 0.05, "positive": 0.05, label: 0.9}
    return Reading(label, Probabilities(**shares), intensity, "tr", "test", "1", intents)


def event(
    name: str, type_: EventType, hours: float, reading_: Reading | None = None, **fields: object
) -> Scored:
    """Return an event `hours` after the start; it has a text if it has a reading."""
    at = START + timedelta(hours=hours)
    base = {
        "customer_id": "c1",
        "channel": "chat",
        "text": TEXT if reading_ else None,
        **fields,
    }
    return Scored(Event(name, at, type=type_, **base), reading_, at)  # type: ignore[arg-type]


def csat(name: str, hours: float, value: float) -> Scored:
    return event(name, EventType.SURVEY, hours, score=Score(Metric.CSAT, value, 1, 5))


def resolved(name: str, hours: float) -> Scored:
    return event(name, EventType.TICKET_RESOLVED, hours, ticket_id="T1")


def leaving(name: str, hours: float, **fields: object) -> Scored:
    return event(name, EventType.MESSAGE, hours, reading("negative", 0.5, CHURN), **fields)


class Customer:
    """Applies batches like the agent, via the encoded state."""

    def __init__(self, max_events: int = 50) -> None:
        self.settings = DetectSettings(max_events=max_events)
        self.encoded = b""
        self.offset = 0
        self.published: list[Alert] = []

    def receive(self, *batch: Scored) -> list[Alert]:
        arrivals = [Arrival(scored, 0, self.offset + i) for i, scored in enumerate(batch)]
        self.offset += len(batch)
        return self.deliver(arrivals)

    def deliver(self, arrivals: Sequence[Arrival]) -> list[Alert]:
        before = decode_state(self.encoded) if self.encoded else None
        state, alerts = apply(before, arrivals, RULES, self.settings)
        self.encoded = encode_state(state)
        self.published += alerts
        return alerts

    @property
    def state(self) -> CustomerState:
        return decode_state(self.encoded)

    def alerts(self) -> dict[str, Alert]:
        """The last published state of each alert, without the parts that depend on batches."""
        latest = {alert.id: alert for alert in self.published}
        return {
            id_: msgspec.structs.replace(alert, revision=1)
            for id_, alert in latest.items()
            if alert.state != "withdrawn"
        }


READINGS = st.sampled_from(
    [None, reading("negative", 0.95), reading("negative", 0.5, CHURN), reading("positive", 0.4)]
)


@st.composite
def histories(draw: st.DrawFn, most: int = 12) -> list[Scored]:
    """Draw events of a customer in event order, many at the same time or on the same topic."""
    events = []
    for index in range(draw(st.integers(1, most))):
        type_ = draw(
            st.sampled_from(
                [
                    EventType.MESSAGE,
                    EventType.CALL,
                    EventType.COMPLAINT,
                    EventType.SURVEY,
                    EventType.TICKET_RESOLVED,
                    EventType.OUTAGE_STARTED,
                    EventType.OUTAGE_ENDED,
                ]
            )
        )
        score = Score(Metric.CSAT, float(draw(st.integers(1, 5))), 1, 5)
        happened = event(
            f"e{index}",
            type_,
            draw(st.integers(0, 40)) * 6 + draw(st.sampled_from([0, 0.2, 0.4, 0.6])),
            draw(READINGS),
            channel=draw(st.sampled_from(["chat", "phone", "e-mail"])),
            ticket_id=draw(st.sampled_from([None, "T1"])),
            score=score if type_ is EventType.SURVEY else None,
        )
        counted = draw(st.integers(0, 9)) < 8
        events.append(msgspec.structs.replace(happened, counted=counted))
    return sorted(events, key=lambda scored: (scored.event.occurred_at, scored.event.event_id))
