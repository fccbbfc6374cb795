"""What Kafka has lost, or never had: a role sees it, says it, and goes on or halts."""

import asyncio
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from tenacity import Retrying, stop_after_attempt, stop_after_delay, wait_fixed

from agents.reread import SpareTime
from agents.runtime import spare_time
from agents.runtime.crash import EXIT_CRASH
from agents.runtime.messages import Message
from pipeline.broker.continuity import read_note
from pipeline.broker.lag import LagReader
from pipeline.config.groups import KafkaSettings
from pipeline.contracts.topology import EXIT_HALT
from tests.support.role_on_kafka import running, send, until_committed
from tests.support.servers_kafka import new_topic


def make_anew(kafka: str, topic: str) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_topics([topic])
        for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True):
            with attempt:
                assert topic not in admin.list_topics()
    for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            new_topic(kafka, 1, topic)


def handle(folder: Path, kafka: str, topic: str, messages: int, *more: str) -> None:
    """Have a role handle messages of the topic, and stop."""
    send(kafka, topic, *[b"before"] * messages)
    with running(folder, kafka, topic, *more) as role, LagReader(kafka) as reader:
        role.wait_for(lambda offsets: len(offsets) == messages)
        until_committed(reader, topic, messages)
        (lag,) = reader.read({f"group-{topic}": [topic]}, None)
        assert topic in read_note(lag.note).topics
        role.process.terminate()
        assert role.process.wait(60) == 0


def test_messages_that_expired_unread_are_missed_and_counted(tmp_path: Path, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    handle(tmp_path, kafka, topic, 2)
    send(kafka, topic, *[b"expires"] * 3)
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_records({TopicPartition(topic, 0): 5})
    send(kafka, topic, b"is there")
    with running(tmp_path, kafka, topic) as role, LagReader(kafka) as reader:
        role.wait_for(lambda offsets: offsets == [5])
        until_committed(reader, topic, 6)
    said = role.log.read_text()
    assert said.count("messages are missing") == 1
    assert '"kind": "expired", "messages": 3' in said


def test_messages_that_expire_while_a_role_runs_are_missed(tmp_path: Path, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    with running(tmp_path, kafka, topic) as role, LagReader(kafka) as reader:
        send(kafka, topic, b"first")
        until_committed(reader, topic, 1)
        role.pause()
        send(kafka, topic, b"answers a fetch that is under way")
        send(kafka, topic, *[b"expires"] * 3)
        with KafkaAdminClient(bootstrap_servers=kafka) as admin:
            admin.delete_records({TopicPartition(topic, 0): 5})
        send(kafka, topic, b"is there")
        role.resume()
        role.wait_for(lambda offsets: 5 in offsets)
        missed = 6 - len(role.offsets)
        assert missed >= 3
        for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True):
            with attempt:  # where the group gave it up meanwhile, what it had in hand counts too
                told = re.findall(r'"kind": "expired", "messages": (\d)', role.log.read_text())
                assert missed <= sum(map(int, told)) <= 5


@pytest.mark.parametrize(("gone_before", "missed"), [(1, None), (3, 2)])
async def test_messages_that_expired_before_there_was_time_to_reread_them_are_missed(
    kafka: str, monkeypatch: pytest.MonkeyPatch, gone_before: int, missed: int | None
) -> None:
    topic = new_topic(kafka, 1)
    group, place = f"group-{topic}", TopicPartition(topic, 0)
    send(kafka, topic, b"read", *[b"expires"] * 2, b"is there")
    with KafkaConsumer(bootstrap_servers=kafka, group_id=group) as earlier_worker:
        earlier_worker.assign([place])
        earlier_worker.commit({place: OffsetAndMetadata(1, "", -1)})
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_records({place: gone_before})

    class Enough(Exception):  # noqa: N818
        pass

    async def take(messages: Sequence[Message]) -> None:
        assert messages[-1].value == b"is there"
        raise Enough

    monkeypatch.setitem(spare_time.INPUTS, "reread", (topic,))  # type: ignore[index]
    monkeypatch.setattr(spare_time, "group_of", lambda _: group)
    settings, spare = KafkaSettings(bootstrap=kafka), SpareTime(0.5)
    with capture_logs() as logs, pytest.raises(Enough):
        await spare_time.read_in_spare_time("reread", settings, spare.come, take)
    of_topic = {"role": "reread", "topic": topic}
    assert REGISTRY.get_sample_value("nabiz_missed_messages_total", of_topic) == missed
    said = [(one["kind"], one["messages"]) for one in logs if "missing" in one["event"]]
    assert said == ([("expired", missed)] if missed else [])


def test_a_topic_that_was_made_anew_is_read_from_its_start(tmp_path: Path, kafka: str) -> None:
    topic, beside = new_topic(kafka, 1), new_topic(kafka, 1)
    handle(tmp_path, kafka, topic, 3, beside)
    make_anew(kafka, topic)
    send(kafka, topic, *[b"after"] * 5)
    with running(tmp_path, kafka, topic, beside) as role, LagReader(kafka) as reader:
        role.wait_for(lambda offsets: len(offsets) == 5)
        assert role.offsets == [0, 1, 2, 3, 4]
        until_committed(reader, topic, 5)
    assert '"kind": "recreated"' in role.log.read_text()


def test_a_topic_that_is_made_anew_under_a_role_ends_it_and_the_next_reads_it(
    tmp_path: Path, kafka: str
) -> None:
    topic = new_topic(kafka, 1)
    send(kafka, topic, *[b"before"] * 9)
    with running(tmp_path, kafka, topic) as role, LagReader(kafka) as reader:
        until_committed(reader, topic, 9)
        make_anew(kafka, topic)
        send(kafka, topic, b"after")
        assert role.process.wait(120) == EXIT_CRASH
    assert "TopicsChanged" in role.log.read_text()
    with running(tmp_path, kafka, topic) as role:
        role.wait_for(lambda offsets: offsets == [0])


@pytest.mark.parametrize("stamp", [-99_999_999_999_999, -1, 0, 1_000])
def test_a_record_whose_stamp_no_calendar_has_is_read(
    tmp_path: Path, kafka: str, stamp: int
) -> None:
    topic = new_topic(kafka, 1)

    async def send_stamped() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            await producer.send_and_wait(topic, b"odd", key=b"c1", timestamp_ms=stamp)
            await producer.send_and_wait(topic, b"next", key=b"c1")

    asyncio.run(send_stamped())
    with running(tmp_path, kafka, topic) as role:
        role.wait_for(lambda offsets: offsets == [0, 1])


def test_what_a_producer_took_back_is_not_read(tmp_path: Path, kafka: str) -> None:
    topic = new_topic(kafka, 1)

    async def send_in_transactions() -> None:
        producer: Any = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=topic)
        async with producer:
            for value in (b"aborted", b"kept"):
                await producer.begin_transaction()
                await producer.send_and_wait(topic, value, key=b"c1")
                await (
                    producer.commit_transaction()
                    if value == b"kept"
                    else producer.abort_transaction()
                )

    asyncio.run(send_in_transactions())
    with running(tmp_path, kafka, topic) as role, LagReader(kafka) as reader:
        role.wait_for(lambda offsets: bool(offsets))
        assert role.offsets == [2]  # offset 1 ends the first transaction
        until_committed(reader, topic, 4)


def test_a_role_whose_changelog_is_gone_halts(tmp_path: Path, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    handle(tmp_path, kafka, topic, 3, "states")
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_topics([f"group-{topic}-kept-changelog"])
    send(kafka, topic, b"after")
    for files in ("there", "gone"):
        if files == "gone":
            shutil.rmtree(tmp_path / "state")
        with running(tmp_path, kafka, topic, "states") as role:
            assert role.process.wait(120) == EXIT_HALT
            assert role.offsets == []
        assert "was deleted and recreated: the states in it are gone" in role.log.read_text()


def test_a_topic_with_states_that_is_given_partitions_halts_its_role(
    tmp_path: Path, kafka: str
) -> None:
    topic = new_topic(kafka, 1)
    send(kafka, topic, *[b"before"] * 3)
    with running(tmp_path, kafka, topic, "states") as role, LagReader(kafka) as reader:
        until_committed(reader, topic, 3)
        with KafkaAdminClient(bootstrap_servers=kafka) as admin:
            admin.create_partitions({topic: 2})
        assert role.process.wait(120) == EXIT_CRASH
    with running(tmp_path, kafka, topic, "states") as role:
        assert role.process.wait(120) == EXIT_HALT
    assert "has 2 partitions and had 1 when the states were kept" in role.log.read_text()
    make_anew(kafka, topic)  # as docs/operations.md says
    send(kafka, topic, b"before")
    # A worker of a stable name may first be given the partition that is no more, and ends.
    for attempt in Retrying(stop=stop_after_attempt(2), reraise=True):
        with attempt, running(tmp_path, kafka, topic, "states") as role:
            role.wait_for(lambda offsets: offsets == [0])


def test_damaged_local_states_come_from_the_changelog(tmp_path: Path, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    handle(tmp_path, kafka, topic, 3, "states")
    manifests = [*(tmp_path / "state").rglob("MANIFEST-*")]
    assert manifests
    for manifest in manifests:
        manifest.write_bytes(b"\0" * manifest.stat().st_size)
    send(kafka, topic, b"after")
    with running(tmp_path, kafka, topic, "states") as role:
        role.wait_for(lambda offsets: offsets == [3])
    assert "recovered from the changelog" in role.log.read_text()
