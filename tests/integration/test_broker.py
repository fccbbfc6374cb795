"""One's own broker: its life on one machine."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition
from tenacity import Retrying, stop_after_delay, wait_fixed

from pipeline.broker import local
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.lag import LagReader
from pipeline.broker.local import LocalBroker
from pipeline.broker.publish import Publisher
from pipeline.contracts.topology import FEEDBACK, INTERACTIONS
from tests.support.servers_kafka import new_topic

START_AND_WAIT = """
import sys, pathlib, pipeline.broker.local as local
broker = local.LocalBroker.start(pathlib.Path(sys.argv[1]))
print(broker.bootstrap, flush=True)
sys.stdin.read()
"""


def values(bootstrap: str, topic: str) -> list[bytes]:
    """All that is in partition 0."""
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        found: list[bytes] = []
        while len(found) < end:
            for records in consumer.poll(timeout_ms=1_000).values():
                found += [record.value for record in records]
        return found
    finally:
        consumer.close()


def test_a_broker_that_starts_again_has_its_messages_even_if_its_port_is_taken(
    tmp_path: Path,
) -> None:
    with LocalBroker.start(tmp_path) as first:
        new_topic(first.bootstrap, 1, "kept")
        with Publisher(first.bootstrap) as publisher:
            publisher.send("kept", b"key", b"before")

    port = int(first.bootstrap.rpartition(":")[2])
    with socket.create_server((local.HOST, port)):
        with pytest.raises(BrokerError, match=f"Port {port} is taken"):
            LocalBroker.start(tmp_path, port)
        with LocalBroker.start(tmp_path) as second:
            assert second.bootstrap != first.bootstrap
            assert values(second.bootstrap, "kept") == [b"before"]


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process of its parent's end"
)
def test_a_broker_ends_with_a_parent_that_was_killed_and_is_found_again_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", START_AND_WAIT, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout
        bootstrap = parent.stdout.readline().strip()
        reader = LagReader(bootstrap)
        new_topic(bootstrap, 1, "kept")
        with monkeypatch.context() as impatient:
            impatient.setattr(local, "STOP_TIMEOUT", 0)
            with pytest.raises(BrokerError, match="Another Kafka is running"):
                LocalBroker.start(tmp_path)
        parent.kill()

    with LocalBroker.start(tmp_path) as broker:  # waits until the other one is gone
        assert broker.bootstrap == bootstrap
        for attempt in Retrying(stop=stop_after_delay(5), wait=wait_fixed(0.1)):
            with attempt:
                [lag] = reader.read({"group": ["kept"]}, None)
        assert lag.end == 0
    with pytest.raises(BrokerUnavailable):
        reader.read({"group": ["kept"]}, None)
    reader.close()


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "meta.properties").write_text("version=1\ncluster.id=x\nnode.id=7\n")

    with pytest.raises(BrokerError, match=r"(?s)Kafka ended with status .*kafka\.log.*node"):
        LocalBroker.start(tmp_path)


def test_messages_for_a_broker_that_went_away_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.broker.publish.DELIVERY_TIMEOUT_MS", 500)
    with LocalBroker.start(tmp_path) as broker:
        new_topic(broker.bootstrap, 1, "lost")
        publisher = Publisher(broker.bootstrap)
        publisher.send("lost", b"key", b"arrives")
        publisher.flush()
    publisher.send("lost", b"key", b"does not arrive")
    with pytest.raises(BrokerUnavailable, match="did not confirm 1 message"):
        publisher.flush()
    publisher.send("lost", b"key", b"nobody waits for it")
    publisher.close()
    publisher._producer._sender.join(30)
    assert not publisher._producer._sender.is_alive()


def test_a_simulation_without_end_says_within_seconds_that_nothing_arrives(tmp_path: Path) -> None:
    with LocalBroker.start(tmp_path) as broker:
        for topic in (INTERACTIONS, FEEDBACK):
            new_topic(broker.bootstrap, 1, topic)
        command = [sys.executable, "-m", "pipeline.cli", "simulate", "--publish", "--rate", "20"]
        environment = {**os.environ, "NABIZ_KAFKA_BOOTSTRAP": broker.bootstrap}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as live:
            with LagReader(broker.bootstrap) as reader:
                for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.2)):
                    with attempt:
                        lags = reader.read({"g": [INTERACTIONS, FEEDBACK]}, None)
                        assert {lag.topic for lag in lags if lag.end} == {INTERACTIONS, FEEDBACK}
            broker.process.kill()
            said = live.communicate(timeout=40)[1]
    assert live.returncode == 3
    # How many depends on when, between two looks a second apart, the broker ended.
    assert re.search(r"did not confirm \d+ messages?; the first reason", said)


def test_nobody_there_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.broker.publish.CONNECT_TIMEOUT_MS", 300)
    with socket.create_server((local.HOST, 0)) as probe:
        address = f"{local.HOST}:{probe.getsockname()[1]}"

    with pytest.raises(BrokerUnavailable, match=f"Kafka at {address} does not answer"):
        Publisher(address)
