"""What those who run it rely on: a role that is told to stop, under load."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from clickhouse_driver import Client
from kafka import KafkaAdminClient
from prometheus_client.parser import text_string_to_metric_families

from pipeline.broker.lag import LagReader, wait_until_drained
from pipeline.broker.publish import Publisher
from pipeline.broker.topics import apply_topics
from pipeline.chain import DEAD_LETTERS, GROUPS, SCORED, group_of
from pipeline.settings import ROOT, STREAM_ROLES
from pipeline.sources.simulate import simulate
from pipeline.store import open_server
from pipeline.topics import load_topics
from tests.e2e.machine import NABIZ, wait_for
from tests.servers import clickhouse_server, free_port
from tests.servers_kafka import running_kafka

STOP_WITHIN = 5.0
SESSION_TIMEOUT = 30
"""Longer than any wait below: who is still in the group after that long has not left it."""


class Worker(NamedTuple):
    """A role as a process, and the address of its page."""

    process: "subprocess.Popen[bytes]"
    page: str
    log: Path

    def metric(self, name: str) -> float:
        """Sum a metric over its labels; 0 before the page is there."""
        try:
            text = httpx.get(f"{self.page}/metrics").text
        except httpx.TransportError:
            return 0.0
        families = text_string_to_metric_families(text)
        return sum(s.value for family in families for s in family.samples if s.name == name)


class Servers(NamedTuple):
    """Kafka with a backlog, and an empty store."""

    folder: Path
    kafka: str
    store: str

    @contextmanager
    def worker(self, role: str) -> Iterator[Worker]:
        """Start a role without a stable name: its group must be left, not waited for."""
        port = free_port()
        log = self.folder / f"{role}-{port}.log"
        environment = {
            "NABIZ_DATA": str(self.folder / f"{role}-{port}"),
            "NABIZ_KAFKA_BOOTSTRAP": self.kafka,
            "NABIZ_STORE_URL": self.store,
            "NABIZ_KAFKA_BATCH_SIZE": "100",
            "NABIZ_KAFKA_SESSION_TIMEOUT": str(SESSION_TIMEOUT),
            "NABIZ_WORKER_PORT": str(port),
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*NABIZ, "worker", role],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield Worker(process, f"http://127.0.0.1:{port}", log)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("operations")
    (folder / "clickhouse").mkdir()
    with clickhouse_server(folder / "clickhouse") as address, running_kafka(folder / "k") as kafka:
        with Client(address.host, address.port) as client:
            client.execute("CREATE DATABASE operations")
        store = open_server(address.host, address.port, "default", "", "operations")
        store.migrate()
        store.close()
        apply_topics(kafka, load_topics(ROOT / "schemas").values())
        yield Servers(folder, kafka, f"clickhouse://{address.host}:{address.port}/operations")


def test_each_role_stops_in_order_under_load_and_nothing_is_handled_twice(
    servers: Servers,
) -> None:
    published = 0
    with Publisher(servers.kafka) as publisher:
        for event in simulate(5, datetime(2026, 1, 5, tzinfo=UTC), customers=500):
            publisher.publish(event)
            published += 1
    duplicates = 0.0
    for role in STREAM_ROLES:
        committed = stopped_under_load(servers, role)
        if role == "understand":
            assert written(servers, SCORED, DEAD_LETTERS) == committed
        with LagReader(servers.kafka) as reader, servers.worker(role) as second:
            inputs = {group_of(role): GROUPS[group_of(role)]}
            began = time.monotonic()
            assert wait_until_drained(reader, inputs, 120, lambda _: None), second.log.read_text()
            assert time.monotonic() - began < SESSION_TIMEOUT, "the first was waited for"
            left = sum(lag.end for lag in reader.read(inputs, None)) - committed
            wait_for(
                "all are counted", lambda n=left, w=second: w.metric("nabiz_events_total") >= n
            )  # type: ignore[misc]
            assert second.metric("nabiz_events_total") == left
            duplicates += second.metric("nabiz_duplicate_events_total")
            if role == "understand":
                assert written(servers, SCORED, DEAD_LETTERS) == published
    assert duplicates == 0


def stopped_under_load(servers: Servers, role: str) -> int:
    """Stop a role in the middle of its backlog; return how many messages it has committed."""
    inputs = {group_of(role): GROUPS[group_of(role)]}
    with LagReader(servers.kafka) as reader, servers.worker(role) as worker:

        def committed() -> int:
            return sum(lag.committed or 0 for lag in reader.read(inputs, None))

        wait_for(f"{role} works", lambda: committed() >= 1_000, worker.process)
        handled = worker.metric("nabiz_events_total")
        worker.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        ended = worker.process.wait(60)
        took = time.monotonic() - told
        log = worker.log.read_text()
        print(f"{role} stopped in {took:.2f} s")  # noqa: T201
        assert ended == 0, log
        assert took < STOP_WITHIN, log
        assert members(servers.kafka, group_of(role)) == 0
        done = committed()
        assert done >= handled
        assert sum(lag.events for lag in reader.read(inputs, None)) > 0, "there was no load"
    return done


def written(servers: Servers, *topics: str) -> int:
    with LagReader(servers.kafka) as reader:
        return sum(lag.end for lag in reader.read({"nobody": topics}, None))


def members(kafka: str, group: str) -> int:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        return len(admin.describe_groups([group])[group]["members"])
