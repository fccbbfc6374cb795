"""The recent traffic of each connection, as seen on the topics."""

import threading
from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, NamedTuple

import msgspec

from pipeline.connectors.watch.rhythm import HORIZON, patience, quarter_of
from pipeline.contracts.topology import DEAD_LETTERS, RECEIVED
from pipeline.model.dead_letter import DeadLetter

TOPICS = (RECEIVED, DEAD_LETTERS)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT, KEPT_BYTES = 100, 1_048_576
"""Most deliveries kept per connection, newest last, and most bytes of them."""
KEPT_REFUSALS = 20
_MINUTES_OF_DAY = 1_440
RHYTHM_FROM = 10
"""Least deliveries for a rhythm."""


class _Envelope(msgspec.Struct):
    """The readable part of a sealed delivery."""

    connection: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_LETTER = msgspec.json.Decoder(DeadLetter)


def connection_of_message(value: bytes) -> str | None:
    """Return the connection of a sealed delivery, None if the message is none."""
    try:
        return _ENVELOPE.decode(value).connection
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class Minutes:
    """Counts by minute, for a day."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, at: datetime) -> None:
        """Count one."""
        self._counts[_minute(at)] += 1
        if len(self._counts) > 2 * _MINUTES_OF_DAY:
            oldest = max(self._counts) - _MINUTES_OF_DAY
            self._counts = Counter({at: n for at, n in self._counts.items() if at >= oldest})

    def within(self, span: timedelta, now: datetime) -> int:
        """Return how many there were in a span before `now`."""
        first = _minute(now - span)
        return sum(n for minute, n in self._counts.items() if minute > first)


class Summary(NamedTuple):
    """The recent deliveries and refusals of a connection, per hour and day.

    `patience` is how long it may be silent after its last delivery by its own rhythm, None if
    unknown.
    """

    last: datetime | None = None
    hour: int = 0
    day: int = 0
    refused_hour: int = 0
    refused_day: int = 0
    patience: timedelta | None = None

    @property
    def due(self) -> datetime | None:
        """Return the time by which the next delivery is due."""
        return self.last + self.patience if self.last and self.patience else None

    def is_silent(self, now: datetime) -> bool:
        """Return whether the source has been silent for longer than its rhythm suggests."""
        return self.due is not None and now > self.due


class _Flow:
    """The traffic of a connection."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.seen = 0
        self.kept: deque[bytes] = deque()
        self.refusals: deque[DeadLetter] = deque(maxlen=KEPT_REFUSALS)
        self._bytes = 0
        self._deliveries, self._refused = Minutes(), Minutes()
        self._quarters: set[int] = set()

    def deliver(self, at: datetime, sealed: bytes) -> None:
        self.seen += 1
        self.first, self.last = min(self.first or at, at), max(self.last or at, at)
        self._deliveries.add(at)
        self._quarters.add(quarter_of(at))
        if len(self._quarters) > 2 * HORIZON:
            oldest = quarter_of(self.last) - HORIZON
            self._quarters = {quarter for quarter in self._quarters if quarter >= oldest}
        self.kept.append(sealed)
        self._bytes += len(sealed)
        while len(self.kept) > KEPT or self._bytes > KEPT_BYTES:
            self._bytes -= len(self.kept.popleft())

    def refuse(self, letter: DeadLetter) -> None:
        self._refused.add(letter.received_at)
        self.refusals.append(letter)

    def summary(self, now: datetime, zone: tzinfo) -> Summary:
        return Summary(
            self.last,
            self._deliveries.within(HOUR, now),
            self._deliveries.within(DAY, now),
            self._refused.within(HOUR, now),
            self._refused.within(DAY, now),
            self._patience(zone),
        )

    def _patience(self, zone: tzinfo) -> timedelta | None:
        if self.seen < RHYTHM_FROM or not (self.first and self.last):
            return None
        return patience(self._quarters, self.first, self.last, zone)


class Traffic:
    """The traffic of all connections. Thread-safe. `problem` says why it is not up to date."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows: dict[str, _Flow] = {}
        self.problem: str | None = "not read yet"

    def take(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Note messages of the topics; invalid ones are skipped."""
        with self._lock:
            for topic, value in messages:
                try:
                    self._take(topic, value)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    continue  # `translate` refuses it

    def _take(self, topic: str, value: bytes) -> None:
        if topic == RECEIVED:
            envelope = _ENVELOPE.decode(value)
            self._flow(envelope.connection).deliver(envelope.received_at, value)
        else:
            letter = _LETTER.decode(value)
            if letter.topic == RECEIVED and letter.key:
                self._flow(letter.key.decode()).refuse(letter)

    def _flow(self, name: str) -> _Flow:
        return self._flows.setdefault(name, _Flow())

    def forget(self) -> None:
        """Forget all traffic."""
        with self._lock:
            self._flows.clear()

    def summary(self, name: str, now: datetime, zone: tzinfo) -> Summary:
        """Return the recent traffic of a connection."""
        with self._lock:
            return self._flows.get(name, _Flow()).summary(now, zone)

    def kept(self, name: str) -> list[bytes]:
        """Return the newest deliveries of a connection, sealed, newest first."""
        with self._lock:
            return [*self._flows.get(name, _Flow()).kept][::-1]

    def refusals(self, name: str) -> list[DeadLetter]:
        """Return the newest refusals of a connection, newest first."""
        with self._lock:
            return [*self._flows.get(name, _Flow()).refusals][::-1]


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60
