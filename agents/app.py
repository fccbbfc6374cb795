"""What the roles share: Faust apps, batches acknowledged last, sends that are confirmed."""

import asyncio
import os
import traceback
import weakref
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar

import faust
import msgspec
import structlog
from faust import streams
from faust.streams import _current_event
from faust.types import EventT
from faust.types.tuples import RecordMetadata

from agents.health import Heartbeat
from pipeline import metrics
from pipeline.chain import DEAD_LETTERS, EXIT_HALT, INPUTS, RETRY_HEADER, group_of
from pipeline.dead_letter import KEPT_PAYLOAD, DeadLetter, Invalid
from pipeline.decode import parse
from pipeline.privacy import redact_payload
from pipeline.settings import Role, Settings

log = structlog.get_logger(__name__)
T = TypeVar("T")
Event: TypeAlias = EventT[Any]

EXIT_CRASH = 70
"""Exit code of a role that could not go on (EX_SOFTWARE): its supervisor starts it again."""

MAX_OUTGOING = 4_194_304
"""Largest message that a role sends, in bytes: the state of a customer with very many events."""


class Halt(Exception):  # noqa: N818 - not a fault of this process
    """To go on would do harm, and so would starting again: a person has to look first."""


class Message(NamedTuple):
    """A Kafka message as a role sees it; `received_at` is the broker's time.

    `retried`: it was a dead letter before.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    received_at: datetime
    retried: bool = False


class Outgoing(NamedTuple):
    """A message to send; without `partition` the key decides."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


def make_app(role: Role, settings: Settings) -> faust.App:
    """Make the Faust app of a role; offsets are committed only for what is acknowledged.

    Raises RuntimeError where Faust lacks its compiled part: its Python twin acknowledges messages
    of a partition that was taken away, read or not.
    """
    if getattr(streams, "_CStreamIterator", None) is None:
        raise RuntimeError("Faust runs without its compiled part: unset NO_CYTHON, or install it")
    datadir = settings.data / "state" / (settings.worker.instance or role)
    datadir.parent.mkdir(parents=True, exist_ok=True)
    app = faust.App(
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
        producer_max_request_size=MAX_OUTGOING,
        stream_wait_empty=True,  # a batch in flight ends before its partitions go
    )
    app.on_rebalance_complete.connect(_hold_the_flow)  # type: ignore[arg-type]
    return app


async def _hold_the_flow(app: faust.App, **_: Any) -> None:
    """Let nothing be fetched until the consumer stands at the committed offsets.

    Faust lets partitions go before it seeks, and then empties the streams' queues: messages that
    came in between would be passed over until the next start. It resumes the flow itself, last.
    """
    app.consumer.stop_flow()


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
        try:
            async for events in stream.noack_take(settings.kafka.batch_size, within=within):
                await handle(events)
                for event in events:
                    await stream.ack(event)
                metrics.BATCH_SIZE.labels(role).observe(len(events))
                metrics.EVENTS.labels(role).inc(len(events))
                heartbeat.handled(events[-1].message.timestamp)
        except Exception as error:
            crash(error)

    app.agent(source, name=role)(work)
    return heartbeat


def crash(error: BaseException) -> None:
    """End the process at once, so that no offset of the failed batch can be committed.

    Of the error's text only the start is logged: a store quotes whole statements, and so data.
    """
    log.critical(
        "role stops",
        error=f"{type(error).__name__}: {first_line(error)}",
        where="".join(traceback.format_tb(error.__traceback__)),
    )
    os._exit(EXIT_HALT if isinstance(error, Halt) else EXIT_CRASH)


def first_line(error: BaseException) -> str:
    """Return the beginning of an error's text, for a log."""
    return str(error).partition("\n")[0][:300]


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
        RETRY_HEADER in dict(raw.headers or ()),
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
                    payload=redact_payload((message.value or b"")[:KEPT_PAYLOAD]),
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
