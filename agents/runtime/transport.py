"""A Kafka driver for Faust that hands over all that one poll fetched of a partition as one message.

Faust's own driver makes a message, an event and two asyncio tasks of every record: 97 % of what an
event costs a worker. Here that is paid once a fetch. The value of a stream's event is the tuple of
the fetched records; to acknowledge the event acknowledges all of them. Rebalances, suspended flow,
pauses and commits stay Faust's. Changelog topics are read record by record, as Faust's recovery
wants them.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, NamedTuple, TypeAlias

import faust
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from faust.events import Event
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as stock
from faust.transport.drivers.aiokafka import ensure_aiokafka_TP
from faust.types import TP, ConsumerMessage, EventT, Message

from agents.runtime.continuity import Continuity, TopicsChanged, report_breach
from agents.runtime.crash import crashing
from agents.runtime.faust_internals import OpenConsumer, OpenProducer, read_by
from agents.runtime.fence import guard
from agents.runtime.fetching import ConsumerThread
from pipeline.broker.continuity import Breach

Records: TypeAlias = Sequence[ConsumerRecord[bytes, bytes]]


class RecordsSchema(faust.Schema[Any, Any]):
    """Leaves the value of a message as the driver made it."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return the coroutine function that makes a stream's event of a message."""

        async def decode(message: Message, *, propagate: bool = False) -> EventT[Any]:  # noqa: ARG001
            return Event(app, None, message.value, [], message)

        return decode


class Delivered(NamedTuple):
    """Offsets up to `end`, to be committed once `message` is acknowledged."""

    end: int
    message: ConsumerMessage | None
    """None: the offsets hold no record (the end of a transaction, compaction)."""


def _is_taken(delivered: Delivered) -> bool:
    return delivered.message is None or delivered.message.tracked


class Consumer(OpenConsumer):
    """Delivers fetches, and commits to the end of an unbroken row of acknowledged ones.

    A group that has committed nothing begins with the earliest record.
    """

    thread_class = ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._delivered: defaultdict[TP, deque[Delivered]] = defaultdict(deque)
        super().__init__(*args, **kwargs)

    async def drain(self, fetcher: Any) -> None:
        """Poll until stopped."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self.sleep(0)
                await self._poll(timeout=1.0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise

    async def _poll(self, timeout: float) -> None:
        fetched, active = await self.next_records(timeout)
        generation = self.app.consumer_generation_id
        if fetched is None or self.should_stop:
            return
        if not self.flow_active:
            if fetched:
                await self._seek_back()
            return
        for tp, records in fetched.items():
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return  # the new assignment begins at the committed offsets
            if active is None or tp in active:
                await self._deliver(ensure_TP(tp), records)
            else:  # paused since; a seek goes before it is resumed, and until then nothing is past
                self._note(self._fetch(ensure_TP(tp), records))
        if self.flow_active and generation == self.app.consumer_generation_id:
            self._note_ends_without_records()

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: a worker's page says when nothing is committed (`liveness.py`).

        Faust would log that, and at times end the process, as it asks for a position that a
        consumer which has just started does not have.
        """

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: a full queue holds up the delivery, and so the next poll.

        Faust would leave the partition out of its polls, and sleep for a second where none is left.
        """

    def _note(self, message: ConsumerMessage) -> None:
        self._delivered[message.tp].append(Delivered(message.offset + 1, message))

    def _note_ends_without_records(self) -> None:
        """Have offsets committed that were read past and gave no record."""
        for tp, end in read_by(self.thread.client).items():
            known = self.positions.get(tp)
            if known is not None and end > known and not self.is_changelog(tp):
                self._delivered[ensure_TP(tp)].append(Delivered(end, None))
                self.positions[ensure_TP(tp)] = end

    async def _seek_back(self) -> None:
        """Have what was fetched while the flow was suspended fetched again."""
        try:
            await self.perform_seek()
        except Exception as error:
            self.log.warning("cannot seek while the flow is suspended: %r", error)

    async def _deliver(self, tp: TP, records: Records) -> None:
        """Pass on what was not passed on before, or as much as the flow allows."""
        position = self.positions[tp]
        if position not in (None, records[0].offset) and not self.is_changelog(tp):
            await self._look_at_jump(tp, position)
        fresh = tuple(record for record in records if position is None or record.offset >= position)
        if not fresh:
            return
        if self.is_changelog(tp):
            messages = [self.message_of(tp, record) for record in fresh]
        else:
            messages = [self._fetch(tp, fresh)]
            self._note(messages[0])
        await self.wait_first(self._pass_on(messages), self.suspend_flow.wait())
        self.positions[tp] = fresh[-1].offset + 1

    async def _look_at_jump(self, tp: TP, position: int) -> None:
        """Tell of records that expired before they were read, where a fetch begins elsewhere.

        Compaction and transactions leave gaps that are no loss. Raises TopicsChanged where the
        partition ends before what was read of it.
        """
        first = (await self.earliest_offsets(tp))[tp]
        if (await self.highwaters(tp))[tp] < position:
            raise TopicsChanged(f"{tp.topic} has lost messages that were read")
        if first > position:
            role = self.app.continuity.role  # type: ignore[attr-defined]
            report_breach(role, tp, Breach("expired", first - position))

    async def _pass_on(self, messages: Iterable[ConsumerMessage]) -> None:
        for message in messages:
            await self.callback(message)

    def _fetch(self, tp: TP, records: Records) -> ConsumerMessage:
        """Return the message of a fetch; its offset and time are those of the last record."""
        message = self.message_of(tp, records[-1])
        message.key, message.headers = None, []
        message.value = records  # type: ignore[assignment]
        return message

    def to_be_committed(self, topics: Any) -> Iterator[TP]:
        """Yield the partitions of which anything was delivered."""
        return (
            tp for tp in self._delivered if topics is None or tp in topics or tp.topic in topics
        )

    def offset_to_commit(self, tp: TP) -> int | None:
        """Return the offset after the last fetch that is handled with all before it."""
        delivered, offset = self._delivered[tp], None
        while delivered and (delivered[0].message is None or delivered[0].message.acked):
            offset = delivered.popleft().end
        return offset

    async def perform_seek(self) -> None:
        """Go back to the committed offsets: what is not committed comes again.

        What a stream has taken counts once it is acknowledged; what it has not is gone from its
        queue. Where nothing is committed, or not what is still there, the work goes on elsewhere.
        A standby goes back to what its recovery has seen: what was fetched since the flow was held
        went by, and the gap would stay when the partition becomes active.
        """
        for tp, delivered in self._delivered.items():
            self._delivered[tp] = deque(takewhile(_is_taken, delivered))
        await super().perform_seek()
        inputs = (tp for tp in self.assignment() if not self.is_changelog(tp))
        # The client passes over a committed offset of 0 as over none.
        if begun := [tp for tp in inputs if not self.positions[tp]]:
            await self.thread.seek_to_beginning(*map(ensure_aiokafka_TP, begun))
        if standbys := self._standby_positions():
            await self.thread.seek_wait(standbys)
        continuity: Continuity = self.app.continuity  # type: ignore[attr-defined]
        if elsewhere := dict(continuity.elsewhere):
            await self.thread.seek_wait(elsewhere)
            self.positions.update(elsewhere)
            await self.thread.commit(elsewhere)
            self.committed.update(elsewhere)
            continuity.settled(elsewhere)

    def _standby_positions(self) -> dict[TP, int]:
        """Return the last record that the recovery has seen of each standby; it reads it again."""
        recovery: Any = self.app.tables.recovery  # type: ignore[attr-defined]
        seen = {
            tp: recovery.standby_offsets.get(tp) for tp in recovery.standby_tps & self.assignment()
        }
        return {tp: max(0, offset) for tp, offset in seen.items() if offset is not None}

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Hold the flow until Faust has recovered tables and sought; it resumes the flow itself.

        Faust holds it where partitions were revoked: not in a worker that had none. What the broker
        has lost since is seen first.
        """
        self.stop_flow()
        with crashing():
            await self.app.check(assigned)  # type: ignore[attr-defined]
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let go of partitions after what is being handled is handled and committed.

        Faust waits for it too, but not where the worker is told to stop meanwhile.
        """
        if self.app.should_stop:
            await self.wait_empty()
        await super().on_partitions_revoked(revoked)
        self.app.continuity.settled(revoked)  # type: ignore[attr-defined]
        for tp in revoked:
            self._delivered.pop(tp, None)


class Producer(OpenProducer):
    """Sends nothing once the worker is out of its group."""

    def new_client(self, transactional_id: str | None) -> AIOKafkaProducer:
        """Return a client that asks the group before it sends."""
        producer = super().new_client(transactional_id)
        guard(producer.client, self.app)
        return producer


class Transport(stock.Transport):
    """Faust's driver with the consumer and the producer above."""

    Consumer = Consumer
    Producer = Producer
