"""What a role relies on from its Kafka driver: the same tests hold for Faust's and for ours.

Where Faust's is known to fail, the test says how (`fails_on_stock`), and that it still does.
"""

import asyncio
from collections import defaultdict

import pytest
from faust.types import TP
from kafka import KafkaAdminClient, TopicPartition

from agents.runtime.app import FETCHES_AHEAD
from tests.contract.conftest import Lags, Make, fails
from tests.contract.watching import (
    HeldFetch,
    Outstanding,
    announce,
    client_has,
    fetches_of,
    polled_in_vain,
    until,
)
from tests.contract.worker import numbered, publish, publisher
from tests.support.servers_kafka import new_topic

# Delivery


async def test_all_is_delivered_once_and_each_partition_in_order(worker: Make, kafka: str) -> None:
    topics = [new_topic(kafka, 5), new_topic(kafka, 3)]
    partitions = [
        TP(topic, n) for topic, count in zip(topics, (5, 3), strict=True) for n in range(count)
    ]
    async with worker(*topics, fetch=20) as member:
        for tp in partitions:
            await publish(kafka, tp.topic, numbered(50), tp.partition)
        await member.has(50 * len(partitions))
    came = defaultdict(list)
    for record in member.records:
        came[TP(record.topic, record.partition)].append(record.value)
    assert came == dict.fromkeys(partitions, numbered(50))


async def test_after_an_orderly_stop_nothing_comes_twice(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic = new_topic(kafka, 1)
    await publish(kafka, topic, numbered(50))
    async with worker(topic, fetch=7) as first:
        await first.has(50)
    assert lags(first, topic)[0].committed == 50
    await publish(kafka, topic, numbered(50, start=50))
    async with worker(topic) as second:
        await second.has(50)
    assert second.values == numbered(50, start=50)


# Commits


@pytest.mark.parametrize("base", [1, 0], ids=["committed", "uncommitted"])
async def test_an_unacknowledged_fetch_holds_the_offset_back(
    base: int, driver: str, worker: Make, kafka: str, lags: Lags, request: pytest.FixtureRequest
) -> None:
    if driver == "stock" and not base:
        fails(request, "before its first commit it takes any acknowledged offset for the first")
    topic = new_topic(kafka, 1)
    await publish(kafka, topic, numbered(base + 4))
    async with worker(topic, fetch=1, holding=True) as member:
        await member.has(base + 4)
        before, (a, b, c, _) = member.events[:base], member.events[base:]
        await member.ack(*before)
        await member.commit()
        for acknowledged, committed in ((c, base), (a, base + 1), (b, base + 3)):
            await member.ack(acknowledged)
            await member.commit()
            assert (lags(member, topic)[0].committed or 0) == committed
    async with worker(topic) as again:
        await again.has(1)
    assert again.values == numbered(1, start=base + 3)


async def test_nothing_acknowledged_nothing_committed(worker: Make, kafka: str, lags: Lags) -> None:
    topic = new_topic(kafka, 1)
    await publish(kafka, topic, numbered(20))
    async with worker(topic, fetch=5, holding=True) as member:
        await member.has(20)
        await member.commit()
    assert not lags(member, topic)[0].committed  # ours commits where it begins
    async with worker(topic) as again:
        await again.has(20)
    assert again.values == numbered(20)


async def test_partitions_are_committed_apart(worker: Make, kafka: str, lags: Lags) -> None:
    topic = new_topic(kafka, 2)
    async with worker(topic, holding=True) as member:
        for partition in (0, 1):
            await publish(kafka, topic, numbered(3), partition)
        await member.has(6)
        await member.ack(*[one for one in member.events if one.message.partition == 1])
        await member.commit()
    assert [lag.committed or 0 for lag in lags(member, topic)] == [0, 3]


# Offsets without a record


async def test_offsets_of_transactions_are_passed_over(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic = new_topic(kafka, 1)
    async with worker(topic, fetch=2) as member:
        await in_transactions(kafka, topic)
        await publish(kafka, topic, [b"after"])
        await member.until(lambda: b"after" in member.values)
        await member.commit()
    assert [one for one in member.values if one != b"aborted"] == [b"a", b"b", b"c", b"after"]
    assert lags(member, topic)[0].events == 0


@pytest.mark.fails_on_stock("it commits the offset after the last record: a lag of 1 remains")
async def test_the_offset_of_a_transaction_that_is_the_last_is_committed(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic = new_topic(kafka, 1)
    async with worker(topic) as member:
        await in_transactions(kafka, topic)
        await member.until(lambda: b"c" in member.values)
        await polled_in_vain(member)
        await member.commit()
        assert lags(member, topic)[0].events == 0


async def in_transactions(kafka: str, topic: str) -> None:
    """Publish a, b, something aborted, and c; each end of a transaction takes an offset."""
    async with publisher(kafka, topic) as producer:
        async with producer.transaction():
            for value in (b"a", b"b"):
                await producer.send_and_wait(topic, value, partition=0)
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"aborted", partition=0)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(topic, b"c", partition=0)


async def test_records_deleted_while_it_was_away_are_passed_over(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic = new_topic(kafka, 1)
    await publish(kafka, topic, numbered(3))
    async with worker(topic) as before:
        await before.has(3)
    await publish(kafka, topic, numbered(7, start=3))
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_records({TopicPartition(topic, 0): 7})
    async with worker(topic, fetch=2) as after:
        await after.has(3)
        await after.commit()
    assert after.values == numbered(3, start=7)
    assert lags(after, topic)[0].committed == 10


# Suspended flow, pauses and full queues


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "uncommitted"])
async def test_what_was_fetched_while_the_flow_was_suspended_comes_when_it_goes_on(
    driver: str, committed: bool, worker: Make, kafka: str, request: pytest.FixtureRequest
) -> None:
    if driver == "stock" and not committed:
        fails(request, "with no commit to seek to it stays past what it dropped")
    topic = new_topic(kafka, 1)
    member = worker(topic)
    fetch = HeldFetch(member)
    async with member:
        if committed:
            await publish(kafka, topic, [b"before"])
            await member.has(1)
            await member.commit()
        sought = announce(member.consumer, "perform_seek")
        fetch.to_be_held = True
        await publish(kafka, topic, numbered(5))
        await until(fetch.held)
        await member.suspend()
        fetch.go_on.set()
        await until(sought)
        await member.resume()
        await publish(kafka, topic, [b"last"])
        await member.until(lambda: member.values[-1:] == [b"last"])
    assert member.values == [b"before"] * committed + [*numbered(5), b"last"]


async def test_what_is_in_hand_when_the_flow_is_suspended_is_committed_once_acknowledged(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic = new_topic(kafka, 1)
    async with worker(topic, holding=True) as member:
        await publish(kafka, topic, [b"in hand"])
        await member.has(1)
        await member.suspend()
        await member.consumer.perform_seek()
        await member.ack(*member.events)
        await member.commit()
        assert lags(member, topic)[0].committed == 1
        await member.resume()
        await publish(kafka, topic, [b"next"])
        await member.has(2)
    assert member.values == [b"in hand", b"next"]


async def test_a_flow_suspended_with_full_queues_loses_nothing(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic = new_topic(kafka, 2)
    member = worker(topic, fetch=5)
    full = Outstanding(member)
    async with member:
        for partition in (0, 1):  # without it stock Faust stays past what it dropped
            await publish(kafka, topic, [b"before"], partition)
        await member.has(2)
        await member.commit()
        member.handling.clear()
        for partition in (0, 1):
            await publish(kafka, topic, numbered(50, start=50 * partition), partition)
        await full.reaches(FETCHES_AHEAD + 1)
        await member.suspend()
        member.handling.set()
        await member.resume()
        await member.until(lambda: {*numbered(100)} <= {*member.values})
        await member.commit()
        assert sum(lag.events for lag in lags(member, topic)) == 0


async def test_a_full_queue_stops_the_fetching_and_nothing_is_lost(
    worker: Make, kafka: str
) -> None:
    topic = new_topic(kafka, 3)
    member = worker(topic, fetch=10)
    full = Outstanding(member)
    async with member:
        member.handling.clear()
        for partition in range(3):
            await publish(kafka, topic, numbered(100, start=100 * partition), partition)
        await full.reaches(FETCHES_AHEAD + 1)
        member.handling.set()
        await member.has(300)
        assert sorted(member.values) == sorted(numbered(300))
        assert full.most <= FETCHES_AHEAD + 3, "one is handled, one comes in, one waits to"


@pytest.mark.fails_on_stock("it takes partitions in turn, whatever they hold")
async def test_what_cannot_wait_does_not_wait_for_what_was_fetched_of_others(
    worker: Make, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog, urgent = new_topic(kafka, 6), new_topic(kafka, 1)
    monkeypatch.setattr("agents.runtime.fetching.URGENT", urgent)
    member = worker(backlog, urgent, fetch=10)
    full = Outstanding(member)
    async with member:
        member.handling.clear()
        for partition in range(6):
            await publish(kafka, backlog, numbered(100), partition)
        await full.reaches(FETCHES_AHEAD + 1)
        await publish(kafka, urgent, [b"urgent"])
        await client_has(member, TP(urgent, 0))
        member.handling.set()
        await member.has(601)
        assert member.values.index(b"urgent") <= (FETCHES_AHEAD + 2) * 10


async def test_a_paused_partition_rests_and_goes_on(worker: Make, kafka: str) -> None:
    topic = new_topic(kafka, 2)
    async with worker(topic) as member:
        member.consumer.pause_partitions([TP(topic, 0)])
        await publish(kafka, topic, numbered(5), 0)
        await publish(kafka, topic, numbered(5, start=5), 1)
        await member.has(5)
        assert member.values == numbered(5, start=5)
        member.consumer.resume_partitions([TP(topic, 0)])
        await member.has(10)
    assert member.values == [*numbered(5, start=5), *numbered(5)]


async def test_a_worker_without_work_asks_seldom_and_is_told_at_once(
    worker: Make, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.runtime.fetching.QUIET_WAIT_MS", 15_000)
    topic = new_topic(kafka, 3)
    async with worker(topic) as member:
        await publish(kafka, topic, [b"first"])
        await member.has(1)
        await polled_in_vain(member)
        fetches = fetches_of(member)
        await polled_in_vain(member)
        assert len(fetches) <= 3, "not twenty a second"
        async with asyncio.timeout(10):
            await publish(kafka, topic, [b"second"])
            await member.has(2)
