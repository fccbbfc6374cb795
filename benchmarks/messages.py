"""Makes the messages of a run from those of the simulated company, with new ids and times."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import NamedTuple

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from benchmarks.subjects import HOP
from pipeline.contracts.topology import SCORED
from pipeline.ingest.decode import encode_event
from pipeline.ingest.privacy import redact_event
from pipeline.model.event import Event
from pipeline.model.reading import Scored
from pipeline.sources.simulate import live
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

SEED = 4
RATE = 3_000.0
"""Events per second in the timestamps of prepared messages."""
CUSTOMERS = 20_000
_PROMISED = b"@promised_at@"
"""Stands in a template for the time of a promised delivery."""
_BRAND = re.compile(rb'"brand":"[^"]*"')


class Template(NamedTuple):
    """A message without id, time and customer, in pieces around them.

    `promised` is how long after its own time it promises a delivery, which moves with it.
    """

    topic: str
    head: bytes
    tail: bytes
    promised: timedelta | None = None


class Ready(NamedTuple):
    """A message ready to send; partition -1 means by key."""

    topic: str
    key: bytes
    value: bytes
    partition: int = -1


def events(count: int, customers: int = CUSTOMERS) -> list[Event]:
    """Return the first events of the simulated company, with interleaved journeys."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return [event for _, event in islice(live(SEED, start, RATE, customers), count)]


def scored(happened: Sequence[Event]) -> list[Scored]:
    """Return the output of `understand` for the events."""
    redacted = [redact_event(event) for event in happened]
    readings = Reader(load_engine("fast")).read_events(redacted)
    return [
        Scored(event, reading, event.occurred_at)
        for event, reading in zip(redacted, readings, strict=True)
    ]


def raw_templates(happened: Sequence[Event]) -> list[tuple[bytes, Template]]:
    """Return key and template of each event in the format of sources."""
    return [_template(one.type.topic, one, encode_event(one)) for one in happened]


def scored_templates(happened: Sequence[Event]) -> list[tuple[bytes, Template]]:
    """Return key and template of each event in the format of `understand`."""
    return [_template(SCORED, one.event, msgspec.json.encode(one)) for one in scored(happened)]


def _template(topic: str, event: Event, encoded: bytes) -> tuple[bytes, Template]:
    key = event.customer_id.encode()
    head, _, rest = encoded.partition(b'"event_id":')
    tail = rest.partition(b'"customer_id":"' + key + b'"')[2]
    promised = event.attributes.get("promised_at")
    if not isinstance(promised, str):
        return key, Template(topic, head, tail)
    tail = tail.replace(promised.encode(), _PROMISED)
    return key, Template(topic, head, tail, datetime.fromisoformat(promised) - event.occurred_at)


def ready(template: Template, event_id: str, at: datetime, key: bytes) -> Ready:
    """Fill in id, times and customer."""
    tail = template.tail
    if template.promised is not None:
        tail = tail.replace(_PROMISED, _written(at + template.promised))
    value = b'%b"event_id":"%b","occurred_at":"%b","customer_id":"%b"%b' % (
        *(template.head, event_id.encode(), _written(at), key, tail),
    )
    return Ready(template.topic, key, value)


def _written(at: datetime) -> bytes:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z").encode()


def dated(
    templates: Sequence[tuple[bytes, Template]],
    count: int,
    run: str,
    key_of: Callable[[int], bytes] | None = None,
) -> Iterator[Ready]:
    """Yield `count` messages up to now at `RATE`; `key_of` replaces their customers."""
    start = datetime.now(UTC) - timedelta(seconds=count / RATE)
    for number, (key, template) in zip(range(count), cycle(templates), strict=False):
        at = start + timedelta(seconds=number / RATE)
        yield ready(template, event_id(run, number), at, key_of(number) if key_of else key)


def producer(bootstrap: str) -> Producer:
    """Return a fast producer that partitions keys like every other client."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "log_level": 0,
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 1_048_576,
            "batch.size": 524_288,  # the topics refuse larger ones
            "delivery.report.only.error": True,
            "on_delivery": _must_arrive,
        }
    )


def _must_arrive(error: KafkaError | None, message: Message) -> None:
    if error:
        raise KafkaException(error, message.topic())


def fill(bootstrap: str, messages: Iterator[Ready]) -> int:
    """Send all messages; return their number once the broker has confirmed them."""
    sender = producer(bootstrap)
    count = 0
    for count, message in enumerate(messages, 1):  # noqa: B007 - the last count is the result
        send(sender, message)
    sender.flush()
    return count


def send(sender: Producer, message: Ready) -> None:
    """Enqueue a message; wait only while the producer's queue is full."""
    while True:
        try:
            sender.produce(message.topic, message.value, message.key, message.partition)
            sender.poll(0)
            return
        except BufferError:
            sender.poll(0.05)


def send_open_loop(
    bootstrap: str,
    templates: Sequence[tuple[bytes, Template]],
    rate: float,
    start: float,
    count: int,
    first: int,
    run: str,
    probe_every: int,
) -> None:
    """Send `count` messages, from number `first` on, at a fixed rate (open loop).

    Each carries the time when it was due, so that latencies include delays of sending (no
    coordinated omission). Every `probe_every`-th has a unique brand, by which it is recognized in
    the KPIs, and is copied to `HOP`. Repeated templates get other customers, so that nobody lives a
    week in a minute.
    """
    sender = producer(bootstrap)
    onwards = islice(cycle(templates), first, None)
    for number, (who, template) in zip(range(count), onwards, strict=False):
        key = who + b"-%d" % ((first + number) // len(templates))
        due = start + number / rate
        if (early := due - time.time()) > 0:
            sender.poll(0)
            time.sleep(max(0.0, early))
        if number % probe_every == 0:
            template = template._replace(
                tail=_BRAND.sub(f'"brand":"{probe(run, number)}"'.encode(), template.tail)
            )
            send(sender, Ready(HOP, key, str(due).encode()))
        at = datetime.fromtimestamp(due, UTC)
        send(sender, ready(template, event_id(run, number), at, key))
    sender.flush()


def event_id(run: str, number: int) -> str:
    """Return the id of an event of a run by its number."""
    return f"{run}-{number}"


def probe(run: str, number: int) -> str:
    """Return the brand of a probe."""
    return f"probe-{run}-{number}"
