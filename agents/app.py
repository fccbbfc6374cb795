"""What the roles share: Faust apps, batches acknowledged last, sends that are confirmed."""

import asyncio
import os
import weakref
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar

import faust
import msgspec
import structlog
from faust.streams import _current_event
from faust.types import EventT
from faust.types.tuples import RecordMetadata

from agents.health import Heartbeat
from pipeline import metrics
from pipeline.chain import DEAD_LETTERS, INPUTS, group_of
from pipeline.dead_letter import DeadLetter, Invalid
from pipeline.decode import parse
from pipeline.privacy import redact_payload
from pipeline.settings import Role, Settings

log = structlog.get_logger(__name__)
T = TypeVar("T")
Event: TypeAlias = EventT[Any]

EXIT_CRASH = 70
"""Exit code of a role that could not go on (EX_SOFTWARE): its supervisor starts it again."""


class Message(NamedTuple):
    """A Kafka message as a role sees it; `received_at` is the broker's time."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    received_at: datetime


class Outgoing(NamedTuple):
    """A message to send; without `partition` the key decides."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


def make_app(role: Role, settings: Settings) -> faust.App:
    """Make the Faust app of a role; offsets are committed only for what is acknowledged."""
    datadir = settings.data / "state" / (settings.worker.instance or role)
    datadir.parent.mkdir(parents=True, exist_ok=True)
    return faust.App(
        group_of(role),
        broker=[f"kafka://{host}" for host in settings.kafka.bootstrap.split(",")],
        store="rocksdb://?driver=rocksdict",
        datadir=str(datadir),
        key_serializer="raw",
        value_serializer="raw",
        topic_replication_factor=settings.kafka.replication,
        topic_disable_leader=True,
        web_enabled=False,
        web_tables_enabled=False,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.worker.instance or None,
        broker_commit_interval=settings.kafka.commit_interval,
        broker_session_timeout=settings.kafka.session_timeout,
        broker_heartbeat_interval=settings.kafka.session_timeout / 5,
        broker_max_poll_records=settings.kafka.batch_size,
        stream_buffer_maxsize=4 * settings.kafka.batch_size,
        stream_recovery_delay=0.0,
        producer_linger=0.005,
        producer_acks=-1,
    )


Handler = Callable[[Sequence[Event]], Awaitable[None]]


def role_agent(
    app: faust.App, role: Role, settings: Settings, handle: Handler, *, within: float
) -> Heartbeat:
    """Read the topics of `role` in batches; acknowledge each batch after `handle` returned.

    `within` is how many seconds a batch may wait to fill: latency for fewer, larger batches.
    A failure of `handle` ends the process: Faust would acknowledge and go on, a new process is
    given the batch again.
    """
    heartbeat = Heartbeat(app, role, settings.worker.stall_seconds)
    source = app.topic(*INPUTS[role], key_type=bytes, value_type=bytes)

    async def work(stream: Any) -> None:
        async for events in stream.noack_take(settings.kafka.batch_size, within=within):
            try:
                await handle(events)
            except Exception as error:
                crash(error)
            for event in events:
                await stream.ack(event)
            metrics.BATCH_SIZE.labels(role).observe(len(events))
            metrics.EVENTS.labels(role).inc(len(events))
            heartbeat.handled(events[-1].message.timestamp)

    app.agent(source, name=role)(work)
    return heartbeat


def crash(error: BaseException) -> None:
    """End the process at once, so that no offset of the failed batch can be committed."""
    log.critical("role stops", error=str(error), exc_info=error)
    os._exit(EXIT_CRASH)


def message_of(event: Event) -> Message:
    """Return the message of a Faust event."""
    raw = event.message
    return Message(
        raw.topic,
        raw.partition,
        raw.offset,
        raw.key,
        raw.value,
        datetime.fromtimestamp(raw.timestamp, UTC),
    )


@contextmanager
def partition_of(event: Event) -> Iterator[None]:
    """Let a table read and write in the partition of `event`: in a batch no event is current."""
    token = _current_event.set(weakref.ref(event))
    try:
        yield
    finally:
        _current_event.reset(token)


def decode_as(kind: type[T]) -> Callable[[Message], T]:
    """Return a function that reads the value of a message of ours; it raises Invalid."""
    decoder = msgspec.json.Decoder(kind)
    return lambda message: parse(decoder, message.value or b"")


def sift(
    messages: Iterable[Message], decode: Callable[[Message], T]
) -> tuple[list[tuple[Message, T]], list[DeadLetter]]:
    """Decode each message; what raises Invalid becomes a dead letter and its neighbours go on."""
    good: list[tuple[Message, T]] = []
    dead: list[DeadLetter] = []
    for message in messages:
        try:
            good.append((message, decode(message)))
        except Invalid as invalid:
            dead.append(
                DeadLetter(
                    topic=message.topic,
                    partition=message.partition,
                    offset=message.offset,
                    reason=invalid.reason,
                    sentence=invalid.sentence,
                    payload=redact_payload(message.value or b""),
                    key=message.key,
                    received_at=message.received_at,
                )
            )
    return good, dead


async def send(app: faust.App, outgoing: Iterable[Outgoing]) -> list[RecordMetadata]:
    """Send all and return where each is, in order, when the broker has confirmed them.

    Raises what the producer raises when the broker stays away.
    """
    pending = [
        await app.producer.send(
            message.topic,
            message.key,
            message.value,
            message.partition,
            None,
            list(message.headers),
        )
        for message in outgoing
    ]
    return list(await asyncio.gather(*pending))


async def send_dead_letters(app: faust.App, letters: Sequence[DeadLetter]) -> None:
    """Publish dead letters and count them by reason."""
    await send(
        app,
        [Outgoing(DEAD_LETTERS, one.id.encode(), msgspec.json.encode(one)) for one in letters],
    )
    for letter in letters:
        metrics.DEAD_LETTERS.labels(letter.reason).inc()
