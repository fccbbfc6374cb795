"""When the client of a role asks for messages, and how long the broker may take to answer."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as stock
from faust.types import TP

from agents.runtime.interleave import MOST_AHEAD, Abreast
from agents.runtime.pace import Pace
from pipeline.broker.stamps import received_at
from pipeline.contracts.topology import URGENT

Fetched: TypeAlias = Mapping[TP, list[Any]]

FETCH_BYTES, FETCH_WAIT_MS = 65_536, 50
FEW_A_SECOND = 50
"""While messages come, the broker answers a fetch when it has so many bytes, or after so long.

Few messages wait 50 ms for each other, since a batch has a cost of its own; many do not wait. Fewer
than 50 a second wait as long as a batch of the role may (`App.few_wait_ms`).
The client has one fetch at a time on its way to a broker: one that asks only for what has been read
to its end would hold up the others, for 1.5 s as Faust has it.
"""
QUIET_BYTES, QUIET_WAIT_MS = 1, 1_000
"""The same once all has been read to its end: the first message to come is answered at once.

To have nothing said twenty times a second is what an idle worker and its broker would else do.
"""


class ConsumerThread(stock.AIOKafkaConsumerThread):
    """Has fetches answered soon, but not for every message; hands over first what cannot wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._abreast = Abreast()

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP] | None,
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Fetched:
        """Return what is there of `cx.urgent`, and after it of the others.

        The client takes partitions in turn: beside a backlog an urgent message would wait for all
        that has been fetched of the others.
        """
        active = active_partitions or set()
        urgent = {tp for tp in active if tp.topic == URGENT}
        others = active - urgent
        if urgent and others:
            first = await super()._fetch_records(consumer, urgent, 0, max_records)
            if first:
                rest = await super()._fetch_records(consumer, others, 0, max_records)
                return {**first, **rest}
        if max_records is None or len({tp.topic for tp in active}) < 2:
            return await super()._fetch_records(consumer, active, timeout, max_records)
        return await self._fetch_abreast(consumer, active, timeout, max_records)

    async def _fetch_abreast(
        self,
        consumer: AIOKafkaConsumer,
        active: set[TP],
        timeout: float | None,
        most: int,
    ) -> Fetched:
        taken: defaultdict[TP, list[Any]] = defaultdict(list)
        while most > 0:
            there = consumer._fetcher._records
            turn = self._abreast.turn(active, there, self._unread(active), time.monotonic())
            some = await super()._fetch_records(consumer, turn, timeout, min(most, MOST_AHEAD))
            if not some:
                break
            for tp, records in some.items():
                taken[tp] += records
                most -= len(records)
                stamp, kind = records[-1].timestamp, records[-1].timestamp_type
                self._abreast.read(tp, received_at(stamp, kind, datetime.now(UTC)))
            timeout = 0
        return taken

    def _unread(self, active: Iterable[TP]) -> set[TP]:
        """Return the partitions of which there is more than was read, as far as is known."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        states = {tp: assignment.state_value(tp) for tp in active} if assignment else {}
        return {
            tp
            for tp, state in states.items()
            if state and not (state.has_valid_position and state.position == state.lso)
        }

    def _create_worker_consumer(self, transport: stock.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_min_bytes, consumer._fetch_max_wait_ms = FETCH_BYTES, FETCH_WAIT_MS
        consumer._isolation_level = "read_committed"  # what a producer took back never was
        commit, note = consumer.commit, self.app.continuity.note  # type: ignore[attr-defined]

        async def commit_with_notes(offsets: Mapping[Any, OffsetAndMetadata]) -> None:
            await commit(
                {tp: OffsetAndMetadata(at.offset, note(*tp)) for tp, at in offsets.items()}
            )

        consumer.commit = commit_with_notes
        return consumer

    async def on_start(self) -> None:
        """Start the client, and have it wait for long where nothing comes."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher
        few_wait = self.app.few_wait_ms  # type: ignore[attr-defined]
        pace = Pace(0, time.monotonic())
        fetcher._fetcher_timeout = QUIET_WAIT_MS / 1_000  # what it waits for wakes it anyway
        fetch = fetcher._proc_fetch_request

        async def fetch_and_see(*request: Any) -> bool:
            came: bool = await fetch(*request)
            quiet = not came and self._has_read_all(fetcher._records)
            few = pace.after(self._messages(), time.monotonic()) < FEW_A_SECOND
            wait = few_wait if few else FETCH_WAIT_MS
            fetcher._fetch_min_bytes = QUIET_BYTES if quiet else FETCH_BYTES
            fetcher._fetch_max_wait_ms = QUIET_WAIT_MS if quiet else wait
            return came

        fetcher._proc_fetch_request = fetch_and_see

    def _messages(self) -> int:
        """Return how many there have been in the partitions of the streams."""
        consumer = self._ensure_consumer()
        mine = (tp for tp in consumer.assignment() if not self.consumer._is_changelog_tp(tp))
        return sum(consumer.highwater(tp) or 0 for tp in mine)

    def _has_read_all(self, fetched: Iterable[TP]) -> bool:
        """Return whether none of `fetched` is for a stream, and no table is being recovered.

        What a worker has written to its changelog itself is fetched too, and never read.
        """
        consumer = self.consumer
        flows = consumer.flow_active and not self.app.in_recovery
        return flows and all(consumer._is_changelog_tp(tp) for tp in fetched)
