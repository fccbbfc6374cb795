"""A role's Kafka driver when the flow is suspended, a partition paused, or a queue full."""

import asyncio

import pytest
from faust.types import TP

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
from tests.contract.worker import numbered, publish
from tests.support.servers_kafka import new_topic


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
