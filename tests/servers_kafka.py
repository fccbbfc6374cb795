"""A real Kafka for tests: one broker, on free loopback ports, in a folder of its own."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaAdminClient

from pipeline.broker.local import LocalBroker


@contextmanager
def running_kafka(data: Path) -> Iterator[str]:
    """The `host:port` of a broker that runs until the block ends."""
    with LocalBroker.start(data) as broker:
        yield broker.bootstrap


def new_topic(bootstrap: str, partitions: int = 4, name: str | None = None) -> str:
    """Create a topic, under a name no other test has unless given, and wait until it is usable."""
    name = name or f"test-{uuid.uuid4().hex[:8]}"
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics(
            {name: {"num_partitions": partitions, "replication_factor": 1}}, wait_for_metadata=True
        )
    return name
