"""What those who run it rely on: roles that stop in order under load, and `nabiz doctor`."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from clickhouse_driver import Client
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.clickhouse_18.backend import OldServerBackend
from pipeline.broker.inspect import inspect_cluster
from pipeline.broker.lag import LagReader, wait_until_drained
from pipeline.broker.publish import Publisher
from pipeline.broker.topics import apply_topics
from pipeline.common.ports import free_port
from pipeline.config.groups import ROOT
from pipeline.config.settings import STREAM_ROLES
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import (
    DEAD_LETTERS,
    FEEDBACK,
    GROUPS,
    INPUTS,
    OF_CONNECTIONS,
    OF_EVENTS,
    SCORED,
    group_of,
)
from pipeline.sources.simulate import simulate
from pipeline.store import Store
from tests.e2e.machine import NABIZ, wait_for
from tests.support.servers import clickhouse_server
from tests.support.servers_kafka import running_kafka

STOP_WITHIN = 5.0
SESSION_TIMEOUT = 30
"""Much longer than a stop: who is not in the group right after it has left it."""


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

    @property
    def environment(self) -> dict[str, str]:
        """The settings that name these servers."""
        return {
            "NABIZ_DATA": str(self.folder),
            "NABIZ_KAFKA_BOOTSTRAP": self.kafka,
            "NABIZ_STORE_URL": self.store,
            "NABIZ_API_PORT": "0",
        }

    @contextmanager
    def worker(self, role: str) -> Iterator[Worker]:
        """Start a role without a stable name: its group must be left, not waited for."""
        port = free_port()
        log = self.folder / f"{role}-{port}.log"
        environment = {
            **self.environment,
            "NABIZ_DATA": str(self.folder / f"{role}-{port}"),
            "NABIZ_KAFKA_BATCH_SIZE": "100",
            "NABIZ_STORE_BATCH_SIZE": "100",
            "NABIZ_KAFKA_COMMIT_INTERVAL": "0.1",
            "NABIZ_KAFKA_SESSION_TIMEOUT": str(SESSION_TIMEOUT),
            "NABIZ_WORKER_PORT": str(port),
            # What `auto` reads in haste comes again, and here that would be a fault.
            "NABIZ_ENGINE_NAME": "fast",
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
            process.terminate()
            assert process.wait(60) == 0, log.read_text()
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
        backend = OldServerBackend(*address, "default", "", "operations")
        Store(backend).migrate()
        backend.close()
        apply_topics(kafka, load_topics(ROOT / "schemas").values())
        yield Servers(folder, kafka, f"clickhouse://{address.host}:{address.port}/operations")


def test_each_role_stops_in_order_under_load_and_nothing_is_handled_twice(
    servers: Servers,
) -> None:
    published = 0
    with Publisher(servers.kafka) as publisher:
        for event in simulate(5, datetime(2026, 1, 5, tzinfo=UTC), customers=1_500):
            publisher.publish(event)
            published += 1
    duplicates = 0.0
    for role in OF_EVENTS:
        committed = stopped_under_load(servers, role)
        if role == "understand":
            assert written(servers, SCORED, DEAD_LETTERS) == committed
        with LagReader(servers.kafka) as reader, servers.worker(role) as second:
            inputs = {group_of(role): GROUPS[group_of(role)]}
            assert wait_until_drained(reader, inputs, 120, lambda _: None), second.log.read_text()
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

        wait_for(f"{role} works", lambda: committed() > 0, worker.process)
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
    found = inspect_cluster(kafka, [], [group]).groups
    return found[group].members if group in found else 0


def test_the_doctor_finds_a_working_nabiz_well_and_each_fault_of_a_broken_one(
    servers: Servers,
) -> None:
    with ExitStack() as running, LagReader(servers.kafka) as reader:
        for role in {*STREAM_ROLES} - {*OF_CONNECTIONS}:
            running.enter_context(servers.worker(role))
        groups = {*GROUPS} - {group_of(role) for role in OF_CONNECTIONS}
        wait_for("all are in their groups", lambda: all(members(servers.kafka, g) for g in groups))
        assert wait_until_drained(reader, GROUPS, 120, lambda _: None)
        well = diagnosis(servers)
    # ClickHouse 18.16 is there to test with.
    assert [check for check, (state, *_) in well.items() if state != "ok"] == ["store's version"]
    found = [found for _, found, _ in well.values()]
    assert found.count("1 worker, 0 messages behind") == len(INPUTS) - len(OF_CONNECTIONS)
    assert any("compacted" in text for text in found)

    url, _, database = servers.store.rpartition("/")
    with Client.from_url(url) as client:
        client.execute(f"CREATE DATABASE {database}_new")
    with KafkaAdminClient(bootstrap_servers=servers.kafka) as admin:
        admin.delete_topics([DEAD_LETTERS])
        short = ConfigResource(ConfigResourceType.TOPIC, FEEDBACK, {"retention.ms": "1000"})
        admin.alter_configs([short])
    ill = diagnosis(servers, NABIZ_STORE_URL=f"{servers.store}_new", NABIZ_KAFKA_REPLICATION="3")
    assert ill[f"topic {DEAD_LETTERS}"] == ("problem", "does not exist", "nabiz topics apply")
    assert ill[f"topic {FEEDBACK}"] == (
        "problem",
        "retention.ms is 1000, declared 604800000",
        "nabiz topics apply",
    )
    assert ill[f"topic {SCORED}"][0] == "warning"  # replicas
    state, found, advice = ill["store"]
    assert (state, advice) == ("problem", "nabiz store migrate")
    assert "events/001_create" in found

    run(servers, "topics", "apply", exit_code=0)
    mended = diagnosis(servers)
    assert mended[f"topic {FEEDBACK}"][0] == mended["store"][0] == "ok"
    assert mended["role understand"][:2] == ("warning", "nobody reads; waiting: 0 messages")


def test_the_doctor_says_in_seconds_that_nothing_is_there(servers: Servers) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    down = diagnosis(
        servers,
        NABIZ_KAFKA_BOOTSTRAP=nowhere,
        NABIZ_STORE_URL=f"clickhouse://{nowhere}/x",
        NABIZ_API_URL=f"http://{nowhere}",
    )
    assert time.monotonic() - began < 30
    for check in ("broker", "store", "API"):
        state, found, _ = down[check]
        assert state == "problem"
        assert nowhere in found
    assert down["text model"][0] == "ok"


def diagnosis(servers: Servers, **changes: str) -> dict[str, tuple[str, str, str]]:
    """Return state, what was found and the advice by check, where not all is well."""
    findings = json.loads(run(servers, "doctor", "--json", exit_code=1, **changes))
    return {one["check"]: (one["state"], one["found"], one["advice"]) for one in findings}


def run(servers: Servers, *arguments: str, exit_code: int, **changes: str) -> str:
    """Run a command of `nabiz` on these servers, with other settings; return what it printed."""
    done = subprocess.run(
        [*NABIZ, *arguments],
        env={**os.environ, **servers.environment, **changes},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout
