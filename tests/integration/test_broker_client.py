"""Topics, lag and publishing on a real broker."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.broker.lag import LagReader, wait_until_drained
from pipeline.broker.publish import Publisher
from pipeline.broker.topics import Change, apply_topics
from pipeline.contracts.topics import Privacy, TopicContract
from pipeline.contracts.topology import FEEDBACK
from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from tests.support.servers_kafka import new_topic, topics_for_now

WRITTEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def admin(kafka: str) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=kafka) as client:
        yield client


def declared(name: str, partitions: int, config: dict[str, str] | None = None) -> TopicContract:
    return TopicContract(name, "", "", "", (), config or {}, Privacy((), ()), partitions)


def partitions(admin: KafkaAdminClient, topic: str) -> int:
    return len(admin.describe_topics([topic])[0]["partitions"])


def write(bootstrap: str, topic: str, moments: list[datetime], partition: int = 0) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for moment in moments:
        at = int(moment.timestamp() * 1000)
        producer.send(topic, b"message", partition=partition, timestamp_ms=at)
    producer.close()


def commit(bootstrap: str, group: str, topic: str, offset: int) -> None:
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    consumer.assign([partition])
    consumer.commit({partition: OffsetAndMetadata(offset, "", -1)})
    consumer.close()


def test_topics_are_created_once_and_grow(kafka: str, admin: KafkaAdminClient, name: str) -> None:
    small = declared(name, 2, {"retention.ms": "60000"})

    assert apply_topics(kafka, [small], dry_run=True) == apply_topics(kafka, [small])
    assert partitions(admin, name) == 2
    assert apply_topics(kafka, [small]) == []

    larger = declared(name, 3, {"retention.ms": "90000"})
    expected = [
        Change(name, "partitions", "2", "3"),
        Change(name, "retention.ms", "60000", "90000"),
    ]
    assert apply_topics(kafka, [larger], dry_run=True) == expected
    assert partitions(admin, name) == 2
    assert apply_topics(kafka, [larger]) == expected
    assert apply_topics(kafka, [larger]) == []

    assert apply_topics(kafka, [declared(name, 1)]) == []
    assert partitions(admin, name) == 3


@pytest.mark.parametrize("config", [{"retention.ms": "soon"}, {"no.such.setting": "1"}])
def test_a_setting_that_kafka_refuses_is_named(
    kafka: str, name: str, config: dict[str, str]
) -> None:
    with pytest.raises(BrokerError, match=f"topic {name}"):
        apply_topics(kafka, [declared(name, 2, config)])
    apply_topics(kafka, [declared(name, 2)])
    with pytest.raises(BrokerError, match=f"topic {name}"):
        apply_topics(kafka, [declared(name, 2, config)])


def test_lag_is_what_a_group_has_yet_to_read_and_how_old_it_is(kafka: str, name: str) -> None:
    topic = new_topic(kafka, 2, name)
    write(kafka, topic, [WRITTEN + timedelta(seconds=10 * n) for n in range(5)])
    commit(kafka, f"{name}-reader", topic, 2)
    commit(kafka, f"{name}-done", topic, 5)
    groups = {f"{name}-{who}": [topic] for who in ("done", "new", "reader")}

    with LagReader(kafka) as reader:
        lags = reader.read(groups, WRITTEN + timedelta(seconds=60))
        again = reader.read(groups, WRITTEN + timedelta(seconds=61))

    found = [(x.partition, x.committed, x.end, x.events, x.seconds) for x in lags]
    assert found == [
        (0, 5, 5, 0, 0.0),
        (1, None, 0, 0, 0.0),
        (0, None, 5, 5, 60.0),
        (1, None, 0, 0, 0.0),
        (0, 2, 5, 3, 40.0),
        (1, None, 0, 0, 0.0),
    ]
    assert [lag.seconds for lag in again if lag.events] == [61.0, 41.0]


def test_messages_that_retention_removed_are_not_lag(
    kafka: str, admin: KafkaAdminClient, name: str
) -> None:
    topic = new_topic(kafka, 1, name)
    write(kafka, topic, [WRITTEN] * 5)
    commit(kafka, name, topic, 1)
    admin.delete_records({TopicPartition(topic, 0): 3})

    with LagReader(kafka) as reader:
        [lag] = reader.read({name: [topic]}, None)

    assert (lag.committed, lag.next, lag.events) == (1, 3, 2)


def test_a_topic_that_does_not_exist_is_named(kafka: str, name: str) -> None:
    with LagReader(kafka) as reader, pytest.raises(BrokerError, match=f"no topic {name}"):
        reader.read({"group": [name]}, None)


def test_drain_ends_when_the_last_group_has_committed(kafka: str, name: str) -> None:
    topic = new_topic(kafka, 1, name)
    write(kafka, topic, [WRITTEN] * 3)
    commit(kafka, f"{name}-first", topic, 3)
    chain = {f"{name}-first": [topic], f"{name}-second": [topic]}

    with LagReader(kafka) as reader:
        assert not wait_until_drained(reader, chain, 0.3, lambda lags: None)
        assert wait_until_drained(
            reader, chain, 10, lambda lags: commit(kafka, f"{name}-second", topic, 3)
        )


async def test_publisher_and_faust_client_agree_on_a_customer_s_partition(
    kafka: str, name: str
) -> None:
    new_topic(kafka, 8, name)
    keys = [f"müşteri-{n}".encode() for n in range(40)]
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        theirs = [(await producer.send_and_wait(name, b"", key=key)).partition for key in keys]
    before = {n: theirs.count(n) for n in range(8)}
    with Publisher(kafka) as publisher:
        for key in keys:
            publisher.send(name, key, b"")

    with LagReader(kafka) as reader:
        ends = {lag.partition: lag.end for lag in reader.read({name: [name]}, None)}
    assert ends == {n: 2 * count for n, count in before.items()}


def test_an_event_arrives_on_its_topic_under_its_customer(kafka: str) -> None:
    event = Event("e-1", WRITTEN, "c-1", "web", EventType.REVIEW, text="Güzel")
    with topics_for_now(kafka, 1, FEEDBACK):
        with Publisher(kafka) as publisher:
            publisher.publish(event)
        with LagReader(kafka) as reader:
            assert [lag.end for lag in reader.read({"g": [FEEDBACK]}, None)] == [1]


def test_a_message_with_none_behind_it_arrives_without_a_flush(kafka: str, name: str) -> None:
    """As `nabiz simulate --rate 1` sends them: for ever."""
    new_topic(kafka, 1, name)
    with (
        Publisher(kafka) as publisher,
        KafkaConsumer(
            name,
            bootstrap_servers=kafka,
            auto_offset_reset="earliest",
            consumer_timeout_ms=10_000,
        ) as consumer,
    ):
        publisher.send(name, b"c-1", b"alone")
        assert [one.value for one in islice(consumer, 1)] == [b"alone"]


def test_a_message_that_the_broker_refuses_is_reported_once(kafka: str, name: str) -> None:
    apply_topics(kafka, [declared(name, 1, {"max.message.bytes": "500"})])
    publisher = Publisher(kafka)

    publisher.send(name, b"key", os.urandom(1_000))
    with pytest.raises(BrokerUnavailable, match="did not confirm 1 message"):
        publisher.flush()
    publisher.flush()
    with pytest.raises(ValueError, match="more than Kafka takes"):
        publisher.send(name, b"key", b"x" * 2_000_000)
    publisher.close()


def test_publishing_to_a_topic_that_does_not_exist_is_an_error_at_once(
    kafka: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.broker.publish.CONNECT_TIMEOUT_MS", 500)
    publisher = Publisher(kafka)
    with pytest.raises(BrokerUnavailable):
        publisher.send(name, b"key", b"value")
    publisher.close()
