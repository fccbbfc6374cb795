"""Finds messages of a key that a topic still has, and points to them anew."""

from collections.abc import Iterator
from datetime import datetime

from kafka import KafkaConsumer, TopicPartition

from pipeline.broker.errors import reaching
from pipeline.broker.lag import CLIENT
from pipeline.broker.places import Place
from pipeline.broker.publish import Publisher
from pipeline.broker.security import Cluster
from pipeline.contracts.topology import REPLAY_HEADER

WAIT_MS = 5_000


def stored_since(cluster: Cluster, topic: str, key: bytes, since: datetime) -> list[Place]:
    """Return where messages of a key are that came since then. Raises BrokerUnavailable."""
    with (
        reaching(cluster.bootstrap),
        KafkaConsumer(
            bootstrap_servers=cluster.bootstrap,
            enable_auto_commit=False,
            isolation_level="read_committed",
            consumer_timeout_ms=WAIT_MS,
            **CLIENT,
            **cluster.security,
        ) as consumer,
    ):
        numbers = consumer.partitions_for_topic(topic) or ()
        return [
            place
            for number in sorted(numbers)
            for place in _of_partition(consumer, TopicPartition(topic, number), key, since)
        ]


def _of_partition(
    consumer: KafkaConsumer, partition: TopicPartition, key: bytes, since: datetime
) -> Iterator[Place]:
    end = consumer.end_offsets([partition])[partition]
    at = {partition: int(since.timestamp() * 1_000)}
    first = consumer.offsets_for_times(at).get(partition)
    if first is None:
        return
    consumer.assign([partition])
    consumer.seek(partition, first.offset)
    while consumer.position(partition) < end:
        records = consumer.poll(timeout_ms=WAIT_MS).get(partition, [])
        for record in records:
            if record.offset < end and record.key == key and record.value is not None:
                yield Place(partition.partition, record.offset)
        if not records:
            return


def point_to(cluster: Cluster, topic: str, key: bytes, places: list[Place]) -> None:
    """Have messages read again, in their order. Raises BrokerUnavailable.

    Only their places are sent: their content expires at its original time.
    """
    with Publisher(*cluster) as publisher:
        for place in places:
            publisher.send(topic, key, None, [(REPLAY_HEADER, place.header)])
