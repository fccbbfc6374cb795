"""What a role relies on from its Kafka driver in a group: rebalances, tables, the fence."""

import asyncio
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import MemberToRemove

from agents.runtime.fence import Fenced
from agents.runtime.messages import Outgoing, send
from agents.runtime.state_store import StoredState
from tests.contract.conftest import Lags, Make
from tests.contract.watching import HeldFetch, Outstanding, announce, recovered, until
from tests.contract.worker import PATIENCE, Worker, numbered, publish, publisher
from tests.support.servers_kafka import new_topic

MEMBER = [sys.executable, "-m", "tests.contract.worker"]


# Rebalances


async def test_members_come_and_go_under_load_and_nothing_is_lost(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic, sent, enough = new_topic(kafka, 4), [], asyncio.Event()

    async def load() -> None:
        async with publisher(kafka) as producer:
            while not enough.is_set():
                value = b"%d" % len(sent)
                await producer.send_and_wait(topic, value, partition=len(sent) % 4)
                sent.append(value)

    async with worker(topic, fetch=20, commit_interval=0.2) as stays:
        loading = asyncio.ensure_future(load())
        await stays.has(50)
        async with worker(topic, folder="b", fetch=20, commit_interval=0.2) as goes:
            await goes.has(50)
        enough.set()
        await loading
        await stays.until(lambda: {*stays.values, *goes.values} == {*sent})
        async with asyncio.timeout(PATIENCE):  # what came again is handled again, and committed
            while any(lag.events for lag in await asyncio.to_thread(lags, stays, topic)):
                await stays.commit()


@pytest.mark.fails_on_stock("it forgets what was acknowledged before it commits, letting go")
async def test_what_was_handled_is_committed_when_partitions_go_to_another(
    worker: Make, kafka: str
) -> None:
    topic = new_topic(kafka, 2)
    for partition in (0, 1):
        await publish(kafka, topic, [b"old"] * 10, partition)
    async with worker(topic) as first:
        await first.has(20)
        async with worker(topic, folder="b") as second:
            await first.until(lambda: len(first.assigned) == 1 and not first.app.rebalancing)
            for partition in (0, 1):
                await publish(kafka, topic, [b"new"], partition)
            await first.until(lambda: first.values[-1] == b"new")
            await second.until(lambda: b"new" in second.values)
    assert (first.values[20:], second.values) == ([b"new"], [b"new"])


async def test_a_partition_goes_to_another_after_what_is_in_hand_is_handled(
    worker: Make, kafka: str
) -> None:
    topic = new_topic(kafka, 2)
    async with worker(topic) as first:
        first.handling.clear()
        await publish(kafka, topic, [b"in hand"], 0)
        await first.has(1)
        letting_go = announce(first.consumer, "_wait_for_ack")  # a poll ends, too, in its second
        async with AsyncExitStack() as stack:
            second = worker(topic, folder="b")
            starting = asyncio.ensure_future(stack.enter_async_context(second))
            await until(letting_go)
            first.handling.set()
            await starting
            for partition in (0, 1):
                await publish(kafka, topic, [b"new"], partition)
            await first.until(lambda: first.values[-1] == b"new")
            await second.until(lambda: b"new" in second.values)
    assert (first.values[1:], second.values) == ([b"new"], [b"new"])


async def test_what_a_killed_member_had_is_handled_by_the_other(
    worker: Make, driver: str, kafka: str, tmp_path: Path
) -> None:
    topic = new_topic(kafka, 2)
    async with worker(topic, commit_interval=0.1) as survivor:
        victim = subprocess.Popen(
            [*MEMBER, driver, kafka, topic, str(tmp_path / "victim")],
            stdout=subprocess.PIPE,
            text=True,
        )
        with victim, victim.stdout as printed:  # type: ignore[union-attr]
            try:
                await survivor.until(lambda: len(survivor.assigned) == 1)
                for partition in (0, 1):
                    await publish(kafka, topic, numbered(100, start=100 * partition), partition)
                read_by_victim = [await asyncio.to_thread(printed.readline)]
            finally:
                victim.send_signal(signal.SIGKILL)
            read_by_victim += printed
        forget(kafka, survivor.group, MemberToRemove(group_instance_id="victim"))
        handled = {int(line) for line in read_by_victim if line.endswith("\n")}
        await survivor.until(
            lambda: handled | {int(value) for value in survivor.values} == {*range(200)}
        )
        await publish(kafka, topic, [b"200"], 0)
        await publish(kafka, topic, [b"201"], 1)
        await survivor.until(lambda: {b"200", b"201"} <= {*survivor.values})


def forget(kafka: str, group: str, member: MemberToRemove) -> None:
    """Have the coordinator give a member up, as it does after the session timeout."""
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.remove_group_members(group, [member])


async def test_nothing_is_passed_over_between_the_seek_and_the_flow(
    worker: Make, kafka: str
) -> None:
    """The flow runs for the changelog already; what came from inputs now would be thrown away.

    A driver alone does not see to it: `make_app` does.
    """
    topic = new_topic(kafka, 1)
    async with worker(topic, table_partitions=1) as before:
        assert before.states
        await before.states.commit([StoredState(0, "c1", b"state")])
    await publish(kafka, topic, numbered(5))
    member = worker(topic, table_partitions=1, folder="new machine")
    delivered = Outstanding(member)
    perform_seek, sought, go_on = member.consumer.perform_seek, asyncio.Event(), asyncio.Event()

    async def slow_seek() -> None:
        await perform_seek()
        sought.set()
        await go_on.wait()

    member.consumer.perform_seek = slow_seek
    async with AsyncExitStack() as stack:
        starting = asyncio.ensure_future(stack.enter_async_context(member))
        await until(sought)
        with pytest.raises(TimeoutError):  # as long as a poll takes at most
            async with asyncio.timeout(1):
                await delivered.reaches(1)
        go_on.set()
        await starting
        await member.has(5)
    assert member.values == numbered(5)


# Tables


async def test_states_come_back_after_the_files_are_lost(worker: Make, kafka: str) -> None:
    topic, states = new_topic(kafka, 2), [(n % 2, f"c{n}", b"%d" % n) for n in range(100)]
    async with worker(topic, table_partitions=2) as member:
        assert member.states
        await member.states.commit([StoredState(p, customer, b"old") for p, customer, _ in states])
        await member.states.commit([StoredState(*one) for one in states])
    async with worker(topic, table_partitions=2, folder="new machine") as again:
        assert again.states
        assert [again.states.get(p, customer) for p, customer, _ in states] == [
            state for _, _, state in states
        ]
        await publish(kafka, topic, numbered(3))
        await again.has(3)
        assert again.values == numbered(3)


@pytest.mark.fails_on_stock("it stays past what it dropped of a changelog")
async def test_a_standby_misses_nothing_that_was_fetched_while_the_flow_was_suspended(
    worker: Make, kafka: str
) -> None:
    """What follows on a gap would count as all there is, once the partition becomes its own."""
    topic = new_topic(kafka, 2)
    states = [f"c{n}" for n in range(20)]
    stays = worker(topic, table_partitions=2, folder="b")
    fetch = HeldFetch(stays)
    async with stays:
        async with worker(topic, table_partitions=2) as goes:
            await goes.until(lambda: len(goes.assigned) == len(stays.assigned) == 1)
            (there,) = goes.assigned
            fetch.to_be_held = True
            assert goes.states
            await goes.states.commit([StoredState(there.partition, one, b"1") for one in states])
            await until(fetch.held)
            await stays.suspend()
            sought = announce(stays.consumer, "perform_seek")
            fetch.go_on.set()
            await until(sought)
            await stays.resume()
            await goes.states.commit([StoredState(there.partition, "last", b"1")])
            await recovered(stays, there.partition, len(states))
        await stays.until(lambda: there in stays.assigned)
        assert stays.states
        found = [stays.states.get(there.partition, one) for one in (*states, "last")]
    assert found == [b"1"] * (len(states) + 1)


async def test_with_nothing_to_recover_it_starts(worker: Make, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    await publish(kafka, topic, numbered(3))
    async with worker(topic, table_partitions=1) as member:
        assert member.states
        assert member.states.get(0, "c1") is None
        await member.has(3)
        await member.states.commit([StoredState(0, "c1", b"state")])
    async with worker(topic, table_partitions=1) as again:
        assert again.states
        assert again.states.get(0, "c1") == b"state"


async def test_a_changelog_is_delivered_record_by_record(worker: Make, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    async with worker(topic, table_partitions=1) as member:
        assert member.states
        await member.states.commit([StoredState(0, f"c{n}", b"%d" % n) for n in range(50)])
    again = worker(topic, table_partitions=1, folder="new machine")
    again.app.finalize()
    offsets: list[int] = []
    table: Any = again.app.tables["kept"]

    async def keep(event: Any) -> None:
        offsets.append(event.message.offset)

    table.on_changelog_event = keep
    async with again:
        assert offsets == [*range(50)]


# The fence, which Faust's driver has not


@pytest.mark.parametrize("driver", ["ours"], indirect=True)
async def test_a_member_that_its_group_gave_up_sends_nothing(worker: Make, kafka: str) -> None:
    topic, outputs = new_topic(kafka, 1), new_topic(kafka, 1)
    async with worker(topic, holding=True, session_timeout=30.0) as zombie:
        await publish(kafka, topic, [b"in hand"])
        await zombie.has(1)
        forget(kafka, zombie.group, MemberToRemove(member_id=member_id(zombie)))
        async with worker(topic, folder="b", session_timeout=30.0) as successor:
            await successor.until(lambda: successor.values == [b"in hand"])
            with pytest.raises(Fenced):
                await send(zombie.app, [Outgoing(outputs, b"k", b"stale")])
            await send(successor.app, [Outgoing(outputs, b"k", b"true")])
            await zombie.ack(*zombie.events)
    assert read(kafka, outputs) == [b"true"]


def member_id(member: Worker) -> str:
    return str(member.consumer._thread._consumer._coordinator.member_id)


@pytest.mark.parametrize("driver", ["ours"], indirect=True)
async def test_a_member_whose_coordinator_is_away_for_a_moment_goes_on(
    worker: Make, kafka: str
) -> None:
    topic, outputs = new_topic(kafka, 1), new_topic(kafka, 1)
    async with worker(topic) as member:
        thread = member.consumer._thread
        coordinator = thread._consumer._coordinator
        thread.thread_loop.call_soon_threadsafe(coordinator.coordinator_dead)
        await send(member.app, [Outgoing(outputs, b"k", b"late")])
        await publish(kafka, topic, numbered(3))
        await member.has(3)
    assert read(kafka, outputs) == [b"late"]


def read(kafka: str, topic: str) -> list[bytes]:
    """All that a topic of one partition holds."""
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    consumer.assign([partition])
    values: list[bytes] = []
    end = consumer.end_offsets([partition])[partition]
    while len(values) < end:
        values += [one.value for many in consumer.poll(1_000).values() for one in many]
    consumer.close()
    return values
