"""Reads the messages of a topic that replays refer to."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import takewhile

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from agents.runtime.messages import Message, message_of
from pipeline.broker.places import Place
from pipeline.broker.security import client_security
from pipeline.config.groups import KafkaSettings

WAIT_MS = 5_000
"""How long the broker may take to return an existing message."""


async def read_originals(
    kafka: KafkaSettings, topic: str, places: Collection[Place]
) -> dict[Place, Message]:
    """Return the messages at some places of a topic, without expired ones."""
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    for partition, offset in places:
        wanted[partition].add(offset)
    found: dict[Place, Message] = {}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        **client_security(kafka),
    )
    async with consumer:
        for partition, offsets in wanted.items():
            place = TopicPartition(topic, partition)
            consumer.assign([place])
            consumer.seek(place, min(offsets))
            while await consumer.position(place) <= max(offsets):
                fetched = await consumer.getmany(place, timeout_ms=WAIT_MS)
                records = fetched.get(place, [])
                now = datetime.now(UTC)
                for record in _up_to(records, max(offsets)):
                    if record.offset in offsets:
                        found[Place(partition, record.offset)] = message_of(record, now)
                if not records:
                    break
    return found


def _up_to(
    records: list[ConsumerRecord[bytes, bytes]], last: int
) -> Iterator[ConsumerRecord[bytes, bytes]]:
    return takewhile(lambda record: record.offset <= last, records)
