"""What tests write into a store: events, alerts, dead letters, and something of everything."""

import random
from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.kpi.definitions import KpiValue, Window
from pipeline.model.alert import Alert
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.model.event import AuthorType, Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import LABELS, Reading, Scored
from pipeline.store import Backend, Store
from tests.support.alerts import made_up

START = datetime(2026, 3, 28, 23, 55, tzinfo=UTC)
"""The clocks in Europe change during the window; nothing here may notice."""
WINDOW = Window(START, START + timedelta(hours=3))
LATER = START + timedelta(days=30)
NOTES = ("ticket.merged", "customer.updated", "survey.sent")
"""Types by which nobody is an active customer."""
NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)


def scored(event_id: str, at: float = 0, label: str | None = None, **fields: object) -> Scored:
    """An event `at` seconds after START."""
    counted = bool(fields.pop("counted", True))
    event = Event(
        event_id=event_id,
        occurred_at=START + timedelta(seconds=at),
        customer_id=str(fields.pop("customer_id", "c1")),
        channel=str(fields.pop("channel", "app")),
        type=EventType(fields.pop("type", "message")),
        **fields,  # type: ignore[arg-type]
    )
    return Scored(event, reading(label) if label else None, event.occurred_at, counted)


def reading(label: str, intent: str = "cancel") -> Reading:
    return msgspec.convert(
        {
            "label": label,
            "probabilities": {"negative": 0.1, "neutral": 0.2, "positive": 0.7},
            "intensity": 0.25,
            "language": "tr",
            "engine": "fast",
            "version": "1",
            "intents": [{"name": intent, "start": 2, "end": 5}],
            "anger": 2,
            "urgency": 1,
            "topics": [
                {"name": "delivery", "label": "negative", "start": 0, "end": 4},
                {"name": "billing", "label": label, "start": 5, "end": 9},
            ],
            "hurried": True,
            "promises": [
                {
                    "what": "delivery",
                    "hours": None,
                    "days": 3,
                    "working": True,
                    "start": 0,
                    "end": 9,
                },
                {
                    "what": "answer",
                    "hours": 2.0,
                    "days": None,
                    "working": False,
                    "start": 1,
                    "end": 4,
                },
            ],
        },
        Reading,
    )


def some_events(rnd: random.Random, n: int) -> list[Scored]:
    """Events of every kind over two hours, some in two revisions that differ in everything."""
    first = [_some_event(rnd, f"e{i}", 0) for i in range(n)]
    return first + [_some_event(rnd, f"e{i}", 1) for i in rnd.sample(range(n), n // 5)]


def _some_event(rnd: random.Random, event_id: str, revision: int) -> Scored:
    metric, top = rnd.choice([(Metric.NPS, 10), (Metric.CSAT, 5), (Metric.CES, 7)])
    bottom = 0 if metric is Metric.NPS else 1
    score = Score(metric, rnd.choice([rnd.randint(bottom, top), top - 1.5]), bottom, top)
    return scored(
        event_id,
        at=rnd.choice([rnd.randrange(7200), rnd.random() * 300]),
        label=rnd.choice([None, *LABELS]),
        revision=revision,
        customer_id=f"c{rnd.randrange(20)}",
        type=rnd.choice(["survey", "complaint", "order.placed", "order.returned", "message"]),
        author_type=rnd.choice([AuthorType.CUSTOMER, AuthorType.CUSTOMER, AuthorType.AGENT]),
        channel=rnd.choice(["app", "çağrı merkezi"]),
        touchpoint=rnd.choice([None, "fatura", "it's \\ 'quoted' %s {x}"]),
        segment=rnd.choice([None, "vip"]),
        brand=rnd.choice(["A", "B"]),
        source="test",
        score=score if rnd.random() < 0.5 else None,
        counted=rnd.random() < 0.9,
    )


def alert(id_: str, revision: int = 1, **fields: object) -> Alert:
    closed = fields.get("closed_at") is not None
    given = {"revision": revision, "state": "resolved" if closed else "open", "brand": "A"}
    return made_up(id_, NOON, **(given | fields))


def letter(offset: int, reason: Reason = Reason.NOT_JSON, **fields: object) -> DeadLetter:
    values = {
        "topic": "cx.feedback",
        "partition": 1,
        "sentence": "It ends in the middle.",
        "payload": b'{"a\xff\0',
        "key": b"c1",
        "received_at": NOON + timedelta(seconds=offset),
        **fields,
    }
    return DeadLetter(offset=offset, reason=reason, **values)  # type: ignore[arg-type]


def fill(backend: Backend) -> None:
    """Write something of everything, with events that moved and records that were replaced."""
    store = Store(backend)
    store.migrate()
    events = some_events(random.Random(1), 200)
    for start in range(0, len(events), 50):
        store.write_events(events[start : start + 50])
    closed = alert("a1", 2, closed_at=NOON + timedelta(hours=1))
    store.write_alerts([alert("a1"), closed, alert("a2", opened_at=NOON + timedelta(hours=2))])
    store.write_dead_letters([letter(1), letter(2), letter(2, retried_at=LATER)])


def kpis_of(store: Store, as_of: datetime = LATER, window: Window = WINDOW) -> dict[str, KpiValue]:
    """Return the KPIs of a window by name."""
    return {value.kpi: value for value in store.kpis(window, [], as_of)}
