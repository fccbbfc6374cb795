"""A role is killed with kill -9 while it works and started again: as if nothing had been."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from clickhouse_driver import Client

from pipeline.broker.lag import LagReader, wait_until_drained
from pipeline.broker.publish import Publisher
from pipeline.broker.topics import apply_topics
from pipeline.chain import FEEDBACK, GROUPS, INTERACTIONS, group_of
from pipeline.decode import encode_event
from pipeline.event import topic_of
from pipeline.settings import ROOT, STREAM_ROLES
from pipeline.sources.simulate import simulate
from pipeline.store import Store
from pipeline.store.server import ServerBackend
from pipeline.topics import load_topics
from tests.e2e.machine import Roles, running_roles, wait_for
from tests.e2e.stored import assert_same, content
from tests.servers import Address, clickhouse_server
from tests.servers_kafka import running_kafka

SEED = 17
SMALL_STEPS = {"NABIZ_KAFKA_BATCH_SIZE": "100", "NABIZ_KAFKA_COMMIT_INTERVAL": "0.1"}
"""Many batches and commits, so that a kill may come at many different moments."""

INVALID = (
    (INTERACTIONS, b"c-1", b'{"event_id": "broken", "occ'),
    (INTERACTIONS, b"c-2", b""),
    (FEEDBACK, b"c-3", b"\xff\xfe"),
    (FEEDBACK, b"c-4", b'{"event_id": "early", "customer_id": "c-4", "channel": "web"}'),
)


class Message(NamedTuple):
    topic: str
    key: bytes
    value: bytes


class Chain(NamedTuple):
    """Kafka, an empty database, and roles to start on them."""

    folder: Path
    kafka: str
    backend: ServerBackend
    roles: Roles


def messages() -> list[Message]:
    """Return a simulated week, with messages in it that nobody can understand."""
    week = simulate(SEED, datetime(2026, 1, 5, tzinfo=UTC), customers=500)
    sent = [Message(topic_of(e.type), e.customer_id.encode(), encode_event(e)) for e in week]
    rng = Random(SEED)
    for number in range(40):
        topic, key, value = INVALID[number % len(INVALID)]
        sent.insert(rng.randrange(len(sent)), Message(topic, key, value + b" " * bool(value)))
    return sent


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@contextmanager
def chain(folder: Path, clickhouse: Address) -> Iterator[Chain]:
    """All messages are on the topics; no role runs yet."""
    database = f"crash_{folder.name.replace('-', '_')}"
    with Client(clickhouse.host, clickhouse.port) as client:
        client.execute(f"CREATE DATABASE {database}")
    backend = ServerBackend(clickhouse.host, clickhouse.port, "default", "", database)
    Store(backend).migrate()
    with running_kafka(folder / "kafka") as kafka:
        apply_topics(kafka, load_topics(ROOT / "schemas").values())
        with Publisher(kafka) as publisher:
            for message in messages():
                publisher.send(message.topic, message.key, message.value)
        environment = {
            **SMALL_STEPS,
            "NABIZ_KAFKA_BOOTSTRAP": kafka,
            "NABIZ_STORE_URL": f"clickhouse://{clickhouse.host}:{clickhouse.port}/{database}",
        }
        with running_roles(folder, environment) as roles:
            yield Chain(folder, kafka, backend, roles)
    backend.close()


@pytest.fixture(scope="module")
def quiet_run(
    tmp_path_factory: pytest.TempPathFactory, clickhouse: Address
) -> dict[str, list[Any]]:
    """What the store holds when nothing goes wrong."""
    with chain(tmp_path_factory.mktemp("quiet"), clickhouse) as running:
        running.roles.start(*STREAM_ROLES)
        drain(running)
        return content(running.backend)


@pytest.mark.parametrize("role", ["understand", "record"])
def test_a_killed_role_goes_on_where_it_was(
    role: str,
    quiet_run: dict[str, list[Any]],
    clickhouse: Address,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with chain(tmp_path_factory.mktemp(role), clickhouse) as running:
        running.roles.start(*STREAM_ROLES)
        kill_at_work(running, role, share=Random(f"{SEED} {role}").uniform(0.1, 0.7))
        running.roles.start(role)
        drain(running)
        assert_same(content(running.backend), quiet_run)


def test_detect_goes_on_with_its_local_states_and_then_without_them(
    quiet_run: dict[str, list[Any]],
    clickhouse: Address,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rng = Random(f"{SEED} detect")
    with chain(tmp_path_factory.mktemp("detect"), clickhouse) as running:
        running.roles.start(*STREAM_ROLES)
        kill_at_work(running, "detect", share=rng.uniform(0.1, 0.4))
        running.roles.start("detect")
        kill_at_work(running, "detect", share=rng.uniform(0.5, 0.8))
        local = running.folder / "state" / "detect-0"
        assert any(local.rglob("*.log")), "the files of RocksDB are elsewhere now"
        shutil.rmtree(local)
        running.roles.start("detect")
        drain(running)
        assert_same(content(running.backend), quiet_run)


def kill_at_work(running: Chain, role: str, share: float) -> None:
    """Kill a role as soon as it has committed a share of the messages, with more to come."""
    inputs = {group_of(role): GROUPS[group_of(role)]}
    whole = share * len(messages())
    with LagReader(running.kafka) as reader:
        wait_for(
            f"{role} has committed {share:.0%}",
            lambda: sum(lag.committed or 0 for lag in reader.read(inputs, None)) >= whole,
        )
        running.roles.kill(role)
        lags = reader.read(inputs, None)
    done, left = sum(lag.committed or 0 for lag in lags), sum(lag.events for lag in lags)
    print(f"{role} killed at {share:.3f}: {done} messages committed, {left} there")  # noqa: T201
    assert done < len(messages()), f"{role} was through before it could be killed"


def drain(running: Chain) -> None:
    with LagReader(running.kafka) as reader:
        drained = wait_until_drained(reader, GROUPS, 120, lambda _: None)
    assert drained, "\n".join(running.roles.log(role) for role in STREAM_ROLES)
