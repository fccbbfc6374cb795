"""Reads whole topics."""

from collections.abc import Iterator

from kafka import KafkaConsumer, TopicPartition


def values(bootstrap: str, topic: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of each message that a topic holds now."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        partitions = [
            TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()
        ]
        ends = consumer.end_offsets(partitions)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(timeout_ms=200).values():
                yield from ((record.key, record.value) for record in records)
    finally:
        consumer.close(autocommit=False)


def last_values(bootstrap: str, changelog: str) -> dict[bytes, bytes]:
    """Return the last value of each key in a changelog, which a new worker would restore."""
    return dict(values(bootstrap, changelog))
