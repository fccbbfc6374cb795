"""What a role relies on from its Kafka driver: the same tests hold for Faust's and for ours.

Where Faust's is known to fail, the test says how (`fails_on_stock`), and that it still does.
"""

from collections import defaultdict

import pytest
from faust.types import TP
from kafka import KafkaAdminClient, TopicPartition

from tests.contract.conftest import Lags, Make, fails
from tests.contract.watching import (
    polled_in_vain,
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
