"""A Kafka driver for Faust that delivers the records of one fetch of a partition as one message.

Faust's own driver creates a message, an event and two asyncio tasks for every record: 97 % of an
event's cost to a worker. Here that cost arises once per fetch. The value of a stream's event is the
tuple of the fetched records; acknowledging the event acknowledges all of them. Rebalances,
suspended flow, pauses and commits remain Faust's. Changelog topics are read record by record, as
Faust's recovery requires.
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
    """Passes the value of a message on as the driver made it."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return the coroutine function that turns a message into a stream's event."""

        async def decode(message: Message, *, propagate: bool = False) -> EventT[Any]:  # noqa: ARG001
            return Event(app, None, message.value, [], message)

        return decode


class Delivered(NamedTuple):
    """A delivered fetch: `end` may be committed once `message` is acknowledged."""

    end: int
    message: ConsumerMessage | None
    """None if the offsets hold no record (the end of a transaction, compaction)."""


def _is_taken(delivered: Delivered) -> bool:
    return delivered.message is None or delivered.message.tracked


class Consumer(OpenConsumer):
    """Delivers fetches, and commits up to the end of an unbroken row of acknowledged ones.

    A group without commits starts at the earliest record.
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
        """Do nothing: the health page reports missing commits (`liveness.py`).

        Faust would log them, and sometimes end the process, since it asks for a position that a
        newly started consumer does not have.
        """

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: a full queue blocks the delivery, and so the next poll.

        Faust would exclude the partition from polls, and sleep for a second if none is left.
        """

    def _note(self, message: ConsumerMessage) -> None:
        self._delivered[message.tp].append(Delivered(message.offset + 1, message))

    def _note_ends_without_records(self) -> None:
        """Note offsets that were read without a record, so that they are committed."""
        for tp, end in read_by(self.thread.client).items():
            known = self.positions.get(tp)
            if known is not None and end > known and not self.is_changelog(tp):
                self._delivered[ensure_TP(tp)].append(Delivered(end, None))
                self.positions[ensure_TP(tp)] = end

    async def _seek_back(self) -> None:
        """Seek back to fetch records again that were fetched while the flow was suspended."""
        try:
            await self.perform_seek()
        except Exception as error:
            self.log.warning("cannot seek while the flow is suspended: %r", error)

    async def _deliver(self, tp: TP, records: Records) -> None:
        """Pass on the records not passed on before, or as many as the flow allows."""
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
        """Report records that expired unread if a fetch starts beyond the expected offset.

        Compaction and transactions leave gaps that are no loss. Raises TopicsChanged if the
        partition ends before the records already read.
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
        """Yield the partitions with delivered records."""
        return (
            tp for tp in self._delivered if topics is None or tp in topics or tp.topic in topics
        )

    def offset_to_commit(self, tp: TP) -> int | None:
        """Return the offset after the unbroken row of handled fetches."""
        delivered, offset = self._delivered[tp], None
        while delivered and (delivered[0].message is None or delivered[0].message.acked):
            offset = delivered.popleft().end
        return offset

    async def perform_seek(self) -> None:
        """Seek to the committed offsets: uncommitted records are fetched again.

        Records already taken by a stream count once acknowledged; those left in its queue are
        dropped. Without a usable commit, the position comes from `Continuity`. A standby returns
        to the last record that its recovery has seen: records fetched since the flow was
        suspended were skipped, and the gap would remain when the partition becomes active.
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
        """Return the offset of the last record seen of each standby, which is read again."""
        recovery: Any = self.app.tables.recovery  # type: ignore[attr-defined]
        seen = {
            tp: recovery.standby_offsets.get(tp) for tp in recovery.standby_tps & self.assignment()
        }
        return {tp: max(0, offset) for tp, offset in seen.items() if offset is not None}

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Suspend the flow until Faust has recovered tables and sought; it resumes the flow itself.

        Faust suspends it when partitions are revoked, so not in a worker that had none. Losses of
        the broker are checked first.
        """
        self.stop_flow()
        with crashing():
            await self.app.check(assigned)  # type: ignore[attr-defined]
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Release partitions once the batch in progress is handled and committed.

        Faust waits for it too, but not if the worker is told to stop meanwhile.
        """
        if self.app.should_stop:
            await self.wait_empty()
        await super().on_partitions_revoked(revoked)
        self.app.continuity.settled(revoked)  # type: ignore[attr-defined]
        for tp in revoked:
            self._delivered.pop(tp, None)


class Producer(OpenProducer):
    """A producer that sends nothing once the worker was expelled from its group."""

    def new_client(self, transactional_id: str | None) -> AIOKafkaProducer:
        """Return a client that confirms its membership before it sends."""
        producer = super().new_client(transactional_id)
        guard(producer.client, self.app)
        return producer


class Transport(stock.Transport):
    """Faust's driver with the consumer and the producer above."""

    Consumer = Consumer
    Producer = Producer
