"""The messages that a role reads and sends: decoding, dead letters, sending with confirmation."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import faust
import msgspec
from aiokafka.structs import ConsumerRecord
from faust.types import TP, EventT
from msgspec.structs import replace

from agents.runtime.crash import Halt
from agents.runtime.faust_internals import producer_client
from agents.runtime.partitioner import partition_of
from agents.runtime.transport import Records
from pipeline.broker.places import Place, place_in
from pipeline.broker.stamps import BY_BROKER, received_at
from pipeline.common import metrics
from pipeline.contracts.topology import ACTIONS, DEAD_LETTERS, REPLAY_HEADER, RETRY_HEADER
from pipeline.follow_up.case import Case, CaseEvent
from pipeline.follow_up.value import FollowUp, FollowUpEvent
from pipeline.ingest.decode import decode_action, parse
from pipeline.ingest.privacy import redact, redact_payload
from pipeline.model.action import Action
from pipeline.model.alert import Alert, AlertEvent
from pipeline.model.dead_letter import KEPT_PAYLOAD, DeadLetter, Invalid, Reason

T = TypeVar("T")

CLOUDEVENT = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
"""Headers of a CloudEvent in structured mode."""


class Message(NamedTuple):
    """A Kafka message as a role sees it.

    `received_at` is the broker's time, `clock` the latest time that its content may state: the
    broker's if the broker stamped it, else ours, since a source's stamp comes from the same clock
    as its events. `retried`: it was a dead letter before. `replays`: it has no value, and stands
    for the message at that place of its topic, which is to be handled again.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    received_at: datetime
    clock: datetime
    retried: bool = False
    replays: Place | None = None


class Outgoing(NamedTuple):
    """A message to send; without `partition` the key decides; the value None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


def messages_of(event: EventT[Any], now: datetime) -> Iterator[Message]:
    """Yield the messages of a fetch, read at `now`, in order."""
    records: Records = event.value
    for record in records:
        yield message_of(record, now)


def message_of(record: ConsumerRecord[bytes, bytes], now: datetime) -> Message:
    """Return the message of a record that is read at `now`."""
    received = received_at(record.timestamp, record.timestamp_type, now)
    headers = dict(record.headers) if record.headers else {}
    return Message(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        received,
        received if record.timestamp_type == BY_BROKER else now,
        RETRY_HEADER in headers,
        place_in(headers.get(REPLAY_HEADER, b"")),
    )


def decode_as(kind: type[T]) -> Callable[[Message], T]:
    """Return a function that decodes the value of a message of ours; it raises Invalid."""
    decoder = msgspec.json.Decoder(kind)
    return lambda message: parse(decoder, message.value or b"")


class _Envelope(msgspec.Struct):
    data: msgspec.Raw


_ALERT, _FOLLOW_UP = decode_as(AlertEvent), decode_as(FollowUpEvent)
_CASE = decode_as(CaseEvent)
_DATA = decode_as(_Envelope)


def read_alert(message: Message) -> Alert:
    """Return the alert of a message. Raises Invalid."""
    return _ALERT(message).data


def read_follow_up(message: Message) -> FollowUp:
    """Return the follow-up of a message. Raises Invalid."""
    return _FOLLOW_UP(message).data


def read_case(message: Message) -> Case:
    """Return the case of a message. Raises Invalid."""
    return _CASE(message).data


def data_of(message: Message) -> bytes:
    """Return the `data` of a CloudEvent as JSON, exactly as sent. Raises Invalid."""
    return bytes(_DATA(message).data)


def read_action(message: Message, knows: Callable[[str], bool]) -> Action:
    """Return the action of a message, with its note masked. Raises Invalid.

    `knows` says whether a name may belong to a user.
    """
    action = decode_action(message.value, message.key, now=message.clock)
    if action.assignee and not knows(action.assignee):
        raise Invalid(
            Reason.WRONG_TYPE,
            "The action is invalid: `assignee` is not a user who may log in.",
        )
    return replace(action, note=redact(action.note)) if action.note else action


def decode_batch(
    messages: Iterable[Message], decode: Callable[[Message], T]
) -> tuple[list[tuple[Message, T]], list[DeadLetter]]:
    """Decode each message; one that raises Invalid becomes a dead letter, the others go on."""
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
                    sentence=invalid.detail,
                    payload=redact_payload((message.value or b"")[:KEPT_PAYLOAD]),
                    key=message.key,
                    received_at=message.received_at,
                )
            )
    return good, dead


async def send(app: faust.App, outgoing: Iterable[Outgoing]) -> dict[TP, int]:
    """Send messages, in order within a partition; return once the broker has confirmed them.

    Return the offset of the last message in each partition. The producer takes whole batches, since
    a future per message costs more than the message. If the broker stays down, the producer's error
    is raised.
    """
    producer = producer_client(app)
    lanes: defaultdict[TP, list[Outgoing]] = defaultdict(list)
    counts: dict[str, int] = {}
    for message in outgoing:
        partition = message.partition
        if partition is None:
            if message.topic not in counts:
                counts[message.topic] = len(await producer.partitions_for(message.topic))
            partition = partition_of(message.key, counts[message.topic])
        lanes[TP(message.topic, partition)].append(message)
    sent = [_send_in_order(producer, tp, messages) for tp, messages in lanes.items()]
    return dict(zip(lanes, await asyncio.gather(*sent), strict=True))


async def _send_in_order(producer: Any, tp: TP, messages: Sequence[Outgoing]) -> int:
    """Send messages to one partition; return the offset of the last."""
    batches = [producer.create_batch()]
    for message in messages:
        content = {
            "timestamp": None,
            "key": message.key,
            "value": message.value,
            "headers": [*message.headers],
        }
        if batches[-1].append(**content) is None:
            batches.append(producer.create_batch())
            batches[-1].append(**content)
    confirmed = []
    for batch in batches:
        batch.close()
        confirmed.append(await producer.send_batch(batch, tp.topic, partition=tp.partition))
    *_, last = await asyncio.gather(*confirmed)
    end: int = last.offset + batches[-1].record_count()
    return end - 1


def require_partition(message: Message, customer_id: str, partitions: int) -> None:
    """Check that a message of ours is in the partition of its customer's state.

    Raises Halt if not: partitions were added to the topic, and a state that starts afresh would
    lead to the same alerts with other contents. The messages in the topic stay misplaced.
    """
    if message.topic == ACTIONS:  # others send these too, each by a hash of its own
        return
    place = partition_of(customer_id.encode(), partitions)
    if place != message.partition:
        raise Halt(
            f"a message in partition {message.partition} of {message.topic} belongs to {place} of "
            f"{partitions}: partitions were added to the topic, and the states of customers are "
            "not where their messages are now. Recreate the topic: docs/operations.md says how"
        )


async def send_dead_letters(app: faust.App, letters: Sequence[DeadLetter]) -> None:
    """Publish dead letters, each with the source of its offset, and count them by reason."""
    source = app.continuity.source  # type: ignore[attr-defined]
    known = [
        replace(letter, source=source(TP(letter.topic, letter.partition))) for letter in letters
    ]
    outgoing = [
        Outgoing(DEAD_LETTERS, letter.id.encode(), msgspec.json.encode(letter)) for letter in known
    ]
    await send(app, outgoing)
    for letter in letters:
        metrics.DEAD_LETTERS.labels(letter.reason).inc()
