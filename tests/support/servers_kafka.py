"""Runs a real Kafka broker on free loopback ports in its own folder."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker.local import LocalBroker


@contextmanager
def running_kafka(data: Path) -> Iterator[str]:
    """Run a broker until the block ends; yields its `host:port`."""
    with LocalBroker.start(data) as broker:
        yield broker.bootstrap


def new_topic(bootstrap: str, partitions: int = 4, name: str | None = None) -> str:
    """Create a topic, by default with a unique name, and wait until it is usable."""
    name = name or f"test-{uuid.uuid4().hex[:8]}"
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        with suppress(TopicAlreadyExistsError):  # a request whose answer was late is sent again
            admin.create_topics({name: {"num_partitions": partitions, "replication_factor": 1}})
        admin.wait_for_topics([name])
        (topic,) = admin.describe_topics([name])
        assert len(topic["partitions"]) == partitions, f"{name} is left from another test"
    return name


@contextmanager
def topics_for_now(bootstrap: str, partitions: int, *names: str) -> Iterator[None]:
    """Create topics with names that other tests use, too; delete them when the block ends."""
    for name in names:
        new_topic(bootstrap, partitions, name)
    try:
        yield
    finally:
        with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
            admin.delete_topics([*names])
            for attempt in Retrying(stop=stop_after_delay(20), wait=wait_fixed(0.1), reraise=True):
                with attempt:
                    assert not {*names} & {*admin.list_topics()}
