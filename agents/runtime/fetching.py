"""Paces the fetches of a role: chooses the next partitions and the broker's waiting time."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as stock
from faust.types import TP

from agents.runtime.faust_internals import (
    Fetched,
    FetchLimits,
    OpenConsumer,
    OpenConsumerThread,
    fetched_of,
    pace_fetches,
    read_committed,
    unread_of,
)
from agents.runtime.interleave import MOST_AHEAD, Interleaver
from agents.runtime.pace import Pace
from pipeline.broker.stamps import received_at
from pipeline.contracts.topology import URGENT

FETCH_BYTES, FETCH_WAIT_MS = 65_536, 50
FEW_A_SECOND = 50
"""While messages arrive, the broker answers a fetch with so many bytes, or after so long.

A few messages wait up to 50 ms for more, since each batch has a cost; many do not wait. Below 50 a
second they wait as long as a batch of the role may (`App.few_wait_ms`). The client sends one fetch
at a time to a broker: one for partitions without new messages would delay the others, by 1.5 s with
Faust's settings.
"""
QUIET_BYTES, QUIET_WAIT_MS = 1, 1_000
"""The same once everything is read: the next message is answered at once.

Otherwise an idle worker would ask twenty times a second for nothing.
"""


class ConsumerThread(OpenConsumerThread):
    """Batches fetches for a short time, and hands over urgent messages first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._interleaver = Interleaver()

    async def fetch(
        self, client: AIOKafkaConsumer, active: set[TP], timeout: float | None, most: int | None
    ) -> Fetched:
        """Return fetched messages of `cx.urgent` first, then those of the other topics.

        The client takes partitions in turn: behind a backlog, an urgent message would wait for
        everything fetched from the others.
        """
        urgent = {tp for tp in active if tp.topic == URGENT}
        others = active - urgent
        if urgent and others:
            first = await super().fetch(client, urgent, 0, most)
            if first:
                return {**first, **await super().fetch(client, others, 0, most)}
        if most is None or len({tp.topic for tp in active}) < 2:
            return await super().fetch(client, active, timeout, most)
        return await self._fetch_interleaved(client, active, timeout, most)

    async def _fetch_interleaved(
        self, client: AIOKafkaConsumer, active: set[TP], timeout: float | None, most: int
    ) -> Fetched:
        taken: defaultdict[TP, list[Any]] = defaultdict(list)
        while most > 0:
            unread = unread_of(client, active)
            turn = self._interleaver.turn(active, fetched_of(client), unread, time.monotonic())
            some = await super().fetch(client, turn, timeout, min(most, MOST_AHEAD))
            if not some:
                break
            for tp, records in some.items():
                taken[tp] += records
                most -= len(records)
                stamp, kind = records[-1].timestamp, records[-1].timestamp_type
                self._interleaver.read(tp, received_at(stamp, kind, datetime.now(UTC)))
            timeout = 0
        return taken

    def new_client(self, transport: stock.Transport) -> AIOKafkaConsumer:
        """Return a client that commits a note with each offset."""
        client = super().new_client(transport)
        read_committed(client, FetchLimits(FETCH_BYTES, FETCH_WAIT_MS))
        commit, note = client.commit, self.app.continuity.note  # type: ignore[attr-defined]

        async def commit_with_notes(offsets: Mapping[Any, OffsetAndMetadata]) -> None:
            await commit(
                {tp: OffsetAndMetadata(at.offset, note(*tp)) for tp, at in offsets.items()}
            )

        client.commit = commit_with_notes
        return client

    async def on_start(self) -> None:
        """Start the client, with long waits while no message arrives."""
        await super().on_start()
        few_wait = self.app.few_wait_ms  # type: ignore[attr-defined]
        pace = Pace(0, time.monotonic())

        def limits(came: bool) -> FetchLimits:
            few = pace.after(self._messages(), time.monotonic()) < FEW_A_SECOND
            if not came and self._has_read_all(fetched_of(self.client)):
                return FetchLimits(QUIET_BYTES, QUIET_WAIT_MS)
            return FetchLimits(FETCH_BYTES, few_wait if few else FETCH_WAIT_MS)

        pace_fetches(self.client, QUIET_WAIT_MS / 1_000, limits)  # what it waits for wakes it too

    def _messages(self) -> int:
        """Return the number of messages so far in the partitions of the streams."""
        client, consumer = self.client, cast(OpenConsumer, self.consumer)
        mine = (tp for tp in client.assignment() if not consumer.is_changelog(tp))
        return sum(client.highwater(tp) or 0 for tp in mine)

    def _has_read_all(self, fetched: Iterable[TP]) -> bool:
        """Return whether none of `fetched` is for a stream, and no table is being recovered.

        A worker's own records in its changelog are fetched too, but never read.
        """
        consumer = cast(OpenConsumer, self.consumer)
        flows = consumer.flow_active and not self.app.in_recovery
        return flows and all(map(consumer.is_changelog, fetched))
