"""Publishes messages of a simulated company with known ground truth, at a steady rate."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import NamedTuple

from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.publish import Publisher
from pipeline.contracts.topology import FEEDBACK, INTERACTIONS
from pipeline.ingest.decode import encode_event
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.sources.simulate import live

START = datetime(2026, 1, 5, tzinfo=UTC)
EVENTS_A_SECOND = 0.05
"""In event time: three per minute, so that KPI minutes are rewritten often."""
EVENTS_A_CUSTOMER = 40

POISONED, REPEATED, LATE = 0.01, 0.01, 0.02
"""Shares of the load: invalid, repeated and late messages."""
LATEST = 200
"""Most messages that overtake a late one."""
AFTERWARDS, MUCH_LATER = 64, timedelta(days=60)
"""Visits that end a load, and how much later they are: all that was waited for is overdue then."""

POISON = (
    (INTERACTIONS, b'{"event_id": "broken", "occ'),
    (INTERACTIONS, b""),
    (FEEDBACK, b"\xff\xfe"),
    (FEEDBACK, b'{"event_id": "early", "customer_id": "c-4", "channel": "web"}'),
)


class Message(NamedTuple):
    """A message to publish; `event_id` is "" for an invalid one, and for an action of a person.

    `late` are those that come after a silence, `breaks` is a promise that is not kept.
    """

    topic: str
    key: bytes
    value: bytes
    event_id: str
    late: bool = False
    breaks: bool = False


def make_load(seed: int, events: int) -> list[Message]:
    """Return messages of `events` distinct events and invalid ones, in order of publishing."""
    rng = Random(f"load {seed}")
    stream = live(seed, START, EVENTS_A_SECOND, customers=max(25, events // EVENTS_A_CUSTOMER))
    placed = [
        (float(at), message_of(event)) for at, (_, event) in enumerate(islice(stream, events))
    ]
    placed = [
        (at + rng.uniform(1, LATEST), message) if rng.random() < LATE else (at, message)
        for at, message in placed
    ]
    again = rng.sample(placed, round(REPEATED * events))
    placed += [(at + rng.uniform(1, LATEST), message) for at, message in again]
    for number in range(round(POISONED * events)):
        topic, value = POISON[number % len(POISON)]
        message = Message(topic, f"poison-{number}".encode(), value, "")
        placed.append((rng.uniform(0, events), message))
    placed += [(events + LATEST + number, _visit(number)) for number in range(1, AFTERWARDS + 1)]
    return [message for _, message in sorted(placed, key=lambda one: one[0])]


def _visit(number: int) -> Message:
    """Return an event that tells the time to whoever has its partition."""
    at = START + MUCH_LATER
    return message_of(Event(f"later-{number}", at, f"later-{number}", "web", EventType.VISIT))


def message_of(event: Event) -> Message:
    """Return the message of an event."""
    return Message(
        event.type.topic, event.customer_id.encode(), encode_event(event), event.event_id
    )


class Feeder(threading.Thread):
    """Publishes messages at `rate` per second, which may change while it runs."""

    def __init__(self, bootstrap: str, messages: Sequence[Message], rate: float) -> None:
        super().__init__(name="feeder", daemon=True)
        self.rate = rate
        self.share = 0.0
        """Share of the load that was sent."""
        self.hold_after: int | None = None
        """After how many messages it is held."""
        self.ended_at: float | None = None
        """Monotonic time when everything was confirmed."""
        self.problem: Exception | None = None
        self._kafka = bootstrap
        self._messages = messages
        self.waits = threading.Event()
        """Set while it is held and everything sent is confirmed."""
        self._stop_asked, self._may_go_on = threading.Event(), threading.Event()
        self._may_go_on.set()

    def run(self) -> None:
        """Publish everything, waiting up to a minute for an unavailable broker."""
        left = iter(enumerate(self._messages, 1))
        try:
            while not self._stop_asked.is_set() and self.share < 1.0:
                with Publisher(self._kafka) as publisher:
                    self._publish(publisher, left)
                self.waits.set()
                self._may_go_on.wait()
                self.waits.clear()
        except BrokerUnavailable as problem:
            self.problem = problem
        else:
            self.ended_at = time.monotonic()

    def _publish(self, publisher: Publisher, left: Iterator[tuple[int, Message]]) -> None:
        """Publish the rest until held."""
        due = time.monotonic()
        while self._may_go_on.is_set():
            due += 1 / self.rate
            if self._stop_asked.wait(max(0.0, due - time.monotonic())):
                return
            number, message = next(left, (0, None))
            if message is None:
                return
            self._send(publisher, message)
            self.share = number / len(self._messages)
            if number == self.hold_after:
                self.hold()

    def hold(self) -> None:
        """Pause publishing; `waits` is set once it has paused."""
        self._may_go_on.clear()

    def go_on(self) -> None:
        """Continue with a new client, which reads the topics afresh."""
        self._may_go_on.set()

    def stop(self) -> None:
        """Stop publishing; return when the thread has ended."""
        self._stop_asked.set()
        self._may_go_on.set()
        self.join()

    def _send(self, publisher: Publisher, message: Message) -> None:
        while not self._stop_asked.is_set():
            with suppress(BrokerUnavailable):  # refused at once, so not sent
                publisher.send(message.topic, message.key, message.value)
                return
