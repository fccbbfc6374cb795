"""Every private part of Faust and aiokafka that we use: no other file touches one.

A release may rename any of them unannounced. A hook under an old name would never be called, and a
value assigned to an old name never be read: the worker would continue, wrongly. So a role checks
at its start that all of them exist (`missing`, by `faust_check.py`).
"""

import asyncio
import dis
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from importlib.metadata import version
from typing import Any, ClassVar, NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState, TopicPartitionState
from faust import streams
from faust.stores.rocksdb import Store
from faust.transport.drivers import aiokafka as stock
from faust.types import TP, AppT, ConsumerMessage
from faust.types.tuples import ack_lock
from mode.utils.futures import notify

INTERNALS: Mapping[type, tuple[str, ...]] = {
    stock.Consumer: (
        *("_committed_offset", "_drain_messages", "_filter_tps_with_pending_acks"),
        *("_is_changelog_tp", "_new_consumer_thread", "_new_offset", "_read_offset", "_thread"),
        *("_to_message", "_wait_next_records", "_waiting_for_ack"),
    ),
    stock.AIOKafkaConsumerThread: ("_create_worker_consumer", "_ensure_consumer", "_fetch_records"),
    stock.Producer: ("_new_producer", "_producer"),
    Store: ("_db_for_partition",),
    AIOKafkaConsumer: (
        *("_coordinator", "_fetch_max_wait_ms", "_fetch_min_bytes", "_fetcher"),
        *("_isolation_level", "_subscription"),
    ),
    Fetcher: (
        *("_fetch_max_wait_ms", "_fetch_min_bytes", "_fetcher_timeout", "_proc_fetch_request"),
        "_records",
    ),
    GroupCoordinator: ("_do_heartbeat", "_rejoin_needed_fut", "generation"),
    SubscriptionState: ("subscription",),
    Assignment: ("all_consumed_offsets", "state_value"),
    TopicPartitionState: ("has_valid_position", "lso", "position"),
    AIOKafkaConnection: ("_send_sasl_token",),
}
"""The attributes that we use, by the class that has them."""
_DISTRIBUTIONS = {"faust": "faust-streaming", "aiokafka": "aiokafka"}


def missing() -> list[str]:
    """Return the missing names, each with the release that lacks it."""
    return [
        f"{owner.__qualname__}.{name} of {_release(owner)}"
        for owner, names in INTERNALS.items()
        for name in names
        if not _has(owner, name)
    ]


def _release(owner: type) -> str:
    distribution = _DISTRIBUTIONS[owner.__module__.partition(".")[0]]
    return f"{distribution} {version(distribution)}"


def _has(owner: type, name: str) -> bool:
    """Return whether objects of a class have an attribute, of the class or set by `__init__`."""
    return hasattr(owner, name) or any(name in _set_by(base) for base in owner.__mro__)


def _set_by(owner: type) -> set[str]:
    made = getattr(vars(owner).get("__init__"), "__code__", None)
    code = dis.get_instructions(made) if made else ()
    return {step.argval for step in code if step.opname == "STORE_ATTR"}


def is_compiled() -> bool:
    """Return whether Faust has its compiled part."""
    return getattr(streams, "_CStreamIterator", None) is not None


# Faust's driver, with public names for what it has subclasses override.

Fetched: TypeAlias = Mapping[TP, list[Any]]


class OpenConsumerThread(stock.AIOKafkaConsumerThread):
    """The thread that runs the client of a consumer."""

    @property
    def client(self) -> AIOKafkaConsumer:
        """The client; available only while the thread runs."""
        return self._ensure_consumer()

    def new_client(self, transport: stock.Transport) -> AIOKafkaConsumer:
        """Return a client that has not been started."""
        return super()._create_worker_consumer(transport)

    async def fetch(
        self, client: AIOKafkaConsumer, active: set[TP], timeout: float | None, most: int | None
    ) -> Fetched:
        """Return up to `most` fetched records of partitions, within `timeout` seconds."""
        found: Fetched = await super()._fetch_records(client, active, timeout, most)
        return found

    def _create_worker_consumer(self, transport: stock.Transport) -> AIOKafkaConsumer:
        return self.new_client(transport)

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP] | None,
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Fetched:
        return await self.fetch(consumer, active_partitions or set(), timeout, max_records)


class OpenConsumer(stock.Consumer):
    """Faust's consumer, without its handling of single records."""

    thread_class: ClassVar[type[OpenConsumerThread]] = OpenConsumerThread

    @abstractmethod
    async def drain(self, fetcher: Any) -> None:
        """Pass on fetched records until this consumer or its `fetcher` is stopped."""

    @abstractmethod
    def to_be_committed(self, topics: Any) -> Iterator[TP]:
        """Yield the partitions of topics that may have newly acknowledged offsets."""

    @abstractmethod
    def offset_to_commit(self, tp: TP) -> int | None:
        """Return the offset to commit of a partition, or None if it has not moved."""

    @property
    def thread(self) -> Any:
        """The thread of the client."""
        return self._thread

    @property
    def committed(self) -> MutableMapping[TP, int | None]:
        """The committed offset of each partition, where known."""
        return self._committed_offset

    @property
    def positions(self) -> MutableMapping[TP, int | None]:
        """The offset up to which each partition was passed on."""
        return self._read_offset

    def is_changelog(self, tp: TP) -> bool:
        """Return whether a partition belongs to a table's changelog."""
        return self._is_changelog_tp(tp)

    def message_of(self, tp: TP, record: Any) -> ConsumerMessage:
        """Return Faust's message of a record."""
        return self._to_message(tp, record)

    async def next_records(self, timeout: float) -> tuple[Fetched | None, set[TP] | None]:
        """Return the records of one poll, and the partitions that were active then."""
        return await self._wait_next_records(timeout)

    def ack(self, message: Any) -> bool:
        """Mark a message as handled; return whether that is new."""
        with ack_lock:
            if message.acked:
                return False
            message.acked = True
            self.unacked.discard(message)
            notify(self._waiting_for_ack)
            return True

    def _new_consumer_thread(self) -> OpenConsumerThread:
        return self.thread_class(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:
        await self.drain(fetcher)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return self.to_be_committed(topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self.offset_to_commit(tp)


class OpenProducer(stock.Producer):
    """Faust's producer."""

    def new_client(self, transactional_id: str | None) -> AIOKafkaProducer:
        """Return a client that has not been started."""
        return super()._new_producer(transactional_id)

    def _new_producer(self, transactional_id: str | None = None) -> AIOKafkaProducer:
        return self.new_client(transactional_id)


def producer_client(app: AppT) -> AIOKafkaProducer:
    """Return the client of an app's producer."""
    client: AIOKafkaProducer = app.producer._producer  # type: ignore[attr-defined]
    return client


def database(store: Any, partition: int) -> Any:
    """Return the RocksDB of a partition of a table's store; open it if needed."""
    return store._db_for_partition(partition)


# aiokafka


class Heartbeat(NamedTuple):
    """The coordinator's answer to a heartbeat of this member, in its `generation` (-1: none)."""

    confirmed: bool
    rebalancing: bool
    generation: int


async def beat(app: AppT) -> Heartbeat:
    """Ask the group's coordinator, in the consumer's thread, whether it still knows this member."""
    thread: Any = app.consumer._thread  # type: ignore[attr-defined]
    coordinator = thread._ensure_consumer()._coordinator
    asking = asyncio.run_coroutine_threadsafe(coordinator._do_heartbeat(), thread.thread_loop)
    confirmed: bool = await asyncio.wrap_future(asking)
    return Heartbeat(confirmed, coordinator._rejoin_needed_fut.done(), coordinator.generation)


class FetchLimits(NamedTuple):
    """The broker answers a fetch once it has so many `bytes`, or after `wait_ms`."""

    bytes: int
    wait_ms: int


def read_committed(client: AIOKafkaConsumer, limits: FetchLimits) -> None:
    """Configure a client, before its start, to skip records of aborted transactions."""
    client._isolation_level = "read_committed"
    client._fetch_min_bytes, client._fetch_max_wait_ms = limits


def pace_fetches(
    client: AIOKafkaConsumer, longest: float, after: Callable[[bool], FetchLimits]
) -> None:
    """Set the limits of each fetch by `after`, which is told whether the last one had records.

    `longest` is how many seconds the client waits for an answer of any broker.
    """
    fetcher = client._fetcher
    fetcher._fetcher_timeout = longest
    fetch = fetcher._proc_fetch_request

    async def fetch_and_see(*request: Any) -> bool:
        came: bool = await fetch(*request)
        fetcher._fetch_min_bytes, fetcher._fetch_max_wait_ms = after(came)
        return came

    fetcher._proc_fetch_request = fetch_and_see


def fetched_of(client: AIOKafkaConsumer) -> Collection[TP]:
    """Return the partitions with fetched records that were not handed over yet."""
    found: Collection[TP] = client._fetcher._records
    return found


def unread_of(client: AIOKafkaConsumer, partitions: Iterable[TP]) -> set[TP]:
    """Return the partitions with unread records, as far as is known."""
    assignment = client._subscription.subscription.assignment
    states = {tp: assignment.state_value(tp) for tp in partitions} if assignment else {}
    return {
        tp
        for tp, state in states.items()
        if state and not (state.has_valid_position and state.position == state.lso)
    }


def read_by(client: AIOKafkaConsumer) -> Mapping[TP, int]:
    """Return the next offset to read of each partition, past gaps without records."""
    assignment = client._subscription.subscription.assignment
    found = assignment.all_consumed_offsets() if assignment else {}
    return {tp: read.offset for tp, read in found.items()}


CONNECTION_WRITES = ("send", "_send_sasl_token")
"""The methods of a connection that write to it."""
