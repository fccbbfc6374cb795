"""What a role relies on from its Kafka driver: the same tests hold for Faust's and for ours.

Where Faust's is known to fail, the test says how (`fails_on_stock`), and that it still does.
"""

import asyncio
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import MemberToRemove

from agents.app import FETCHES_AHEAD
from agents.fence import Fenced
from agents.messages import Outgoing, send
from agents.states import Kept
from pipeline.broker.lag import LagReader, PartitionLag
from tests.contract.worker import PATIENCE, Worker, numbered, publish, publisher
from tests.servers_kafka import new_topic

MEMBER = [sys.executable, "-m", "tests.contract.worker"]
Make = Callable[..., Worker]


@pytest.fixture(params=["stock", "ours"])
def driver(request: pytest.FixtureRequest) -> str:
    fault = request.node.get_closest_marker("fails_on_stock")
    if fault and request.param == "stock":
        fails(request, fault.args[0])
    return str(request.param)


def fails(request: pytest.FixtureRequest, reason: str) -> None:
    """Have the test fail, or else it is wrong about Faust."""
    request.applymarker(pytest.mark.xfail(strict=True, reason=reason))


@pytest.fixture
def worker(driver: str, kafka: str, tmp_path: Path) -> Make:
    """Makes workers of one group; another `folder` is another machine."""

    def make(*topics: str, folder: str = "a", **options: Any) -> Worker:
        return Worker(driver, kafka, topics, tmp_path / folder, **options)

    return make


@pytest.fixture(scope="module")
def lag_reader(kafka: str) -> Iterator[LagReader]:
    with LagReader(kafka) as reader:
        yield reader


@pytest.fixture
def lags(lag_reader: LagReader) -> Callable[[Worker, str], list[PartitionLag]]:
    """What the broker says of a worker's group, by partition."""
    return lambda worker, topic: lag_reader.read({worker.group: [topic]}, None)


Lags = Callable[[Worker, str], list[PartitionLag]]


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
            assert lags(member, topic)[0].committed == (committed or None)
    async with worker(topic) as again:
        await again.has(1)
    assert again.values == numbered(1, start=base + 3)


async def test_nothing_acknowledged_nothing_committed(worker: Make, kafka: str, lags: Lags) -> None:
    topic = new_topic(kafka, 1)
    await publish(kafka, topic, numbered(20))
    async with worker(topic, fetch=5, holding=True) as member:
        await member.has(20)
        await member.commit()
    assert lags(member, topic)[0].committed is None
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
    assert [lag.committed for lag in lags(member, topic)] == [None, 3]


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


async def polled_in_vain(member: Worker) -> None:
    """Return when two polls in a row, which are a second long, brought nothing."""
    getmany, empty = member.consumer._getmany, asyncio.Semaphore(0)

    async def watched(*args: Any, **options: Any) -> Any:
        fetched = await getmany(*args, **options)
        if not fetched:
            empty.release()
        return fetched

    member.consumer._getmany = watched
    async with asyncio.timeout(PATIENCE):
        await empty.acquire()
        await empty.acquire()


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


class HeldFetch:
    """Keeps what was fetched between the consumer's thread and the main one, on demand."""

    def __init__(self, member: Worker) -> None:
        member.app.finalize()
        self.to_be_held, self.held, self.go_on = False, asyncio.Event(), asyncio.Event()
        self._getmany = member.consumer._getmany
        member.consumer._getmany = self._fetch

    async def _fetch(self, *args: Any, **options: Any) -> Any:
        records = await self._getmany(*args, **options)
        if records and self.to_be_held:
            self.held.set()
            await self.go_on.wait()
        return records


def announce(owner: Any, method: str) -> asyncio.Event:
    """An event that is set once a coroutine method of an object has returned."""
    original, done = getattr(owner, method), asyncio.Event()

    async def announced(*args: Any, **options: Any) -> Any:
        result = await original(*args, **options)
        done.set()
        return result

    setattr(owner, method, announced)
    return done


async def until(event: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE):
        await event.wait()


async def test_a_flow_suspended_with_full_queues_loses_nothing(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic = new_topic(kafka, 2)
    member = worker(topic, fetch=5)
    full = Outstanding(member)
    async with member:
        await publish(kafka, topic, [b"before"])
        await member.has(1)
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


class Outstanding:
    """Counts what was delivered to the stream and not yet taken from it."""

    def __init__(self, member: Worker) -> None:
        member.app.finalize()
        self.most = self.delivered = 0
        self._member = member
        self._deliver = member.consumer.callback
        self._changed = asyncio.Condition()
        member.consumer.callback = self._count

    async def _count(self, message: Any) -> None:
        self.delivered += not self._member.consumer._is_changelog_tp(message.tp)
        self.most = max(self.most, self.delivered - len(self._member.events))
        async with self._changed:
            self._changed.notify_all()
        await self._deliver(message)

    async def reaches(self, most: int) -> None:
        async with self._changed, asyncio.timeout(PATIENCE):
            await self._changed.wait_for(lambda: self.most >= most)


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


# Rebalances


async def test_members_come_and_go_under_load_and_nothing_is_lost(
    worker: Make, kafka: str, lags: Lags
) -> None:
    topic, total = new_topic(kafka, 4), 1_200

    async def load() -> None:
        async with publisher(kafka) as producer:
            for number in range(total):
                await producer.send_and_wait(topic, b"%d" % number, partition=number % 4)

    async with worker(topic, fetch=20, commit_interval=0.2) as stays:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load())
            await stays.has(100)
            async with worker(topic, folder="b", fetch=20, commit_interval=0.2) as goes:
                await goes.has(50)
        await stays.until(lambda: len({*stays.values, *goes.values}) == total)
        await stays.commit()
        assert sum(lag.events for lag in lags(stays, topic)) == 0


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
        await before.states.put([Kept(0, "c1", b"state")])
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
        await member.states.put([Kept(p, customer, b"old") for p, customer, _ in states])
        await member.states.put([Kept(*one) for one in states])
    async with worker(topic, table_partitions=2, folder="new machine") as again:
        assert again.states
        assert [again.states.get(p, customer) for p, customer, _ in states] == [
            state for _, _, state in states
        ]
        await publish(kafka, topic, numbered(3))
        await again.has(3)
        assert again.values == numbered(3)


async def test_with_nothing_to_recover_it_starts(worker: Make, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    await publish(kafka, topic, numbered(3))
    async with worker(topic, table_partitions=1) as member:
        assert member.states
        assert member.states.get(0, "c1") is None
        await member.has(3)
        await member.states.put([Kept(0, "c1", b"state")])
    async with worker(topic, table_partitions=1) as again:
        assert again.states
        assert again.states.get(0, "c1") == b"state"


async def test_a_changelog_is_delivered_record_by_record(worker: Make, kafka: str) -> None:
    topic = new_topic(kafka, 1)
    async with worker(topic, table_partitions=1) as member:
        assert member.states
        await member.states.put([Kept(0, f"c{n}", b"%d" % n) for n in range(50)])
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
    from kafka import KafkaConsumer

    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    consumer.assign([partition])
    values: list[bytes] = []
    end = consumer.end_offsets([partition])[partition]
    while len(values) < end:
        values += [one.value for many in consumer.poll(1_000).values() for one in many]
    consumer.close()
    return values
