"""The watch of the connections on real Kafka: what came before, and what comes while it looks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker.publish import Publisher
from pipeline.broker.security import Cluster
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.watch.traffic import Traffic
from pipeline.contracts.topology import DEAD_LETTERS, RECEIVED
from pipeline.model.dead_letter import DeadLetter, Reason
from pipeline.service.connection_watch import ConnectionWatch, WatchDependencies, follow, recent
from tests.support.connected import SEAL, ZONE
from tests.support.connector_company import GOOD, Company
from tests.support.servers_kafka import topics_for_now


@pytest.fixture
def cluster(kafka: str) -> Iterator[Cluster]:
    with topics_for_now(kafka, 4, RECEIVED, DEAD_LETTERS):
        yield Cluster(kafka)


def deliver(cluster: Cluster, count: int) -> None:
    """Have deliveries come by `desk-1`, the first of which is refused."""
    now = datetime.now(UTC)
    letter = DeadLetter(RECEIVED, 0, 0, Reason.EMPTY, "It is empty.", b"", b"desk-1", now)
    with Publisher(*cluster) as publisher:
        publisher.refuse(letter)
        for _ in range(count):
            publisher.send(RECEIVED, b"desk-1", SEAL.sealed(Delivery("desk-1", now, b"{}")))


def test_what_came_is_counted_and_what_comes_is_seen_while_it_looks(
    cluster: Cluster, tmp_path: Path
) -> None:
    deliver(cluster, 10)
    now = datetime.now(UTC)
    assert recent(cluster, now).summary("desk-1", now, ZONE)[1:5] == (10, 10, 1, 1)
    with follow(cluster, now, most=3) as tail:
        assert not tail.is_through
        newest = []
        while not tail.is_through:
            newest += [topic for topic, _ in tail.read(1.0)]
    assert newest.count(RECEIVED) == 3
    traffic, book = Traffic(), Company(tmp_path).book(GOOD)
    parts = WatchDependencies(book, traffic, ZONE, lambda: datetime.now(UTC))
    with ConnectionWatch(cluster, parts):
        wait_for(traffic, 10)
        deliver(cluster, 1)
        wait_for(traffic, 11)


def wait_for(traffic: Traffic, count: int) -> None:
    for attempt in Retrying(stop=stop_after_delay(20), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            now = datetime.now(UTC) + timedelta(seconds=1)
            assert traffic.summary("desk-1", now, ZONE).hour == count
