"""The job that every peer does, by the same functions as the roles of Nabız."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from pipeline.config.settings import load_settings
from pipeline.contracts.topology import ALERTS, SCORED
from pipeline.detection.customer import Arrival, apply, decode_state, encode_state
from pipeline.detection.rules import RuleBook
from pipeline.ingest.decode import decode_event
from pipeline.ingest.privacy import redact_event
from pipeline.model.alert import Alert, to_cloudevent
from pipeline.model.reading import Scored
from pipeline.store import Store
from pipeline.store.open import open_store
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader


class Incoming(NamedTuple):
    """A received message; `timestamp` is the broker's time in milliseconds."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    timestamp: int


class Outgoing(NamedTuple):
    """A message to send."""

    topic: str
    key: bytes
    value: bytes


class Understand:
    """Decodes, redacts and reads a batch."""

    def __init__(self) -> None:
        self._reader = Reader(load_engine("fast"))

    def __call__(self, messages: Sequence[Incoming]) -> list[Outgoing]:
        """Return the messages of `cx.scored`."""
        now = datetime.now(UTC)
        events = [redact_event(decode_event(one.value, one.key, now=now)) for one in messages]
        readings = self._reader.read_events(events)
        return [
            Outgoing(
                SCORED,
                message.key,
                msgspec.json.encode(
                    Scored(
                        event,
                        reading,
                        datetime.fromtimestamp(message.timestamp / 1000, UTC),
                    )
                ),
            )
            for message, event, reading in zip(messages, events, readings, strict=True)
        ]


class Detect:
    """Folds messages of a customer into the customer's state."""

    def __init__(self) -> None:
        self._settings = load_settings().detect
        self._rules = RuleBook(self._settings.rules).rules
        self._decoder = msgspec.json.Decoder(Scored)

    def __call__(
        self, state: bytes | None, messages: Iterable[Incoming]
    ) -> tuple[bytes, list[Outgoing]]:
        """Return the new state and the messages of `cx.alerts`."""
        arrivals = [
            Arrival(self._decoder.decode(one.value), one.partition, one.offset) for one in messages
        ]
        before = decode_state(state) if state else None
        after, alerts = apply(before, arrivals, self._rules, self._settings)
        return encode_state(after), [_outgoing(alert) for alert in alerts]


def _outgoing(alert: Alert) -> Outgoing:
    return Outgoing(ALERTS, alert.customer_id.encode(), to_cloudevent(alert))


class Record:
    """Writes a batch to ClickHouse: events, their index, recomputed KPI minutes."""

    def __init__(self) -> None:
        self._store: Store = open_store(load_settings())
        self._decoder = msgspec.json.Decoder(Scored)

    def __call__(self, messages: Iterable[Incoming]) -> None:
        """Write a batch; return when the store has confirmed it."""
        scored = [self._decoder.decode(one.value) for one in messages if one.topic == SCORED]
        self._store.write_events(scored)
