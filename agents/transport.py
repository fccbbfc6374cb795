"""A Kafka driver for Faust that hands over all that one poll fetched of a partition as one message.

Faust's own driver makes a message, an event and two asyncio tasks of every record: 97 % of what an
event costs a worker. Here that is paid once a fetch. The value of a stream's event is the tuple of
the fetched records; to acknowledge the event acknowledges all of them. Rebalances, suspended flow,
pauses and commits stay Faust's. Changelog topics are read record by record, as Faust's recovery
wants them.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple, TypeAlias

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata
from faust.events import Event
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as stock
from faust.transport.drivers.aiokafka import ensure_aiokafka_TP
from faust.types import TP, ConsumerMessage, EventT, Message
from faust.types.tuples import ack_lock
from mode.utils.futures import notify

from agents.continuity import TopicsChanged
from agents.crash import crashing
from agents.fence import guard
from pipeline.broker.continuity import Breach
from pipeline.chain import URGENT

Records: TypeAlias = Sequence[ConsumerRecord[bytes, bytes]]


FETCH_BYTES, FETCH_WAIT_MS = 65_536, 50
"""While messages come, the broker answers a fetch when it has so many bytes, or after so long.

Few messages wait 50 ms for each other, since a batch has a cost of its own; many do not wait.
The client has one fetch at a time on its way to a broker: one that asks only for what has been read
to its end would hold up the others, for 1.5 s as Faust has it.
"""
QUIET_BYTES, QUIET_WAIT_MS = 1, 1_000
"""The same once all has been read to its end: the first message to come is answered at once.

To have nothing said twenty times a second is what an idle worker and its broker would else do.
"""


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


class Consumer(stock.Consumer):
    """Delivers fetches, and commits to the end of an unbroken row of acknowledged ones.

    A group that has committed nothing begins with the earliest record.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._delivered: defaultdict[TP, deque[Delivered]] = defaultdict(deque)
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> stock.AIOKafkaConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:
        """Poll until stopped; Faust's fetcher runs this."""
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                await self.sleep(0)
                await self._poll(timeout=1.0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise

    async def _poll(self, timeout: float) -> None:
        fetched, active = await self._wait_next_records(timeout)
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
        """Do nothing: a worker's page says when nothing is committed (`agents/health.py`).

        Faust would log that, and at times end the process, as it asks for a position that a
        consumer which has just started does not have.
        """

    @property
    def committed(self) -> Mapping[TP, int | None]:
        """The offset up to which all of a partition is acknowledged and committed, where known."""
        known: Mapping[TP, int | None] = self._committed_offset
        return known

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: a full queue holds up the delivery, and so the next poll.

        Faust would leave the partition out of its polls, and sleep for a second where none is left.
        """

    def _note(self, message: ConsumerMessage) -> None:
        self._delivered[message.tp].append(Delivered(message.offset + 1, message))

    def _note_ends_without_records(self) -> None:
        """Have offsets committed that were read past and gave no record."""
        assignment = self._thread._ensure_consumer()._subscription.subscription.assignment
        for tp, read in assignment.all_consumed_offsets().items() if assignment else ():
            known = self._read_offset.get(tp)
            if known is not None and read.offset > known and not self._is_changelog_tp(tp):
                self._delivered[ensure_TP(tp)].append(Delivered(read.offset, None))
                self._read_offset[ensure_TP(tp)] = read.offset

    async def _seek_back(self) -> None:
        """Have what was fetched while the flow was suspended fetched again."""
        try:
            await self.perform_seek()
        except Exception as error:
            self.log.warning("cannot seek while the flow is suspended: %r", error)

    async def _deliver(self, tp: TP, records: Records) -> None:
        """Pass on what was not passed on before, or as much as the flow allows."""
        position = self._read_offset[tp]
        if position not in (None, records[0].offset) and not self._is_changelog_tp(tp):
            await self._look_at_jump(tp, position)
        fresh = tuple(one for one in records if position is None or one.offset >= position)
        if not fresh:
            return
        if self._is_changelog_tp(tp):
            messages = [self._to_message(tp, record) for record in fresh]
        else:
            messages = [self._fetch(tp, fresh)]
            self._note(messages[0])
        await self.wait_first(self._pass_on(messages), self.suspend_flow.wait())
        self._read_offset[tp] = fresh[-1].offset + 1

    async def _look_at_jump(self, tp: TP, position: int) -> None:
        """Tell of records that expired before they were read, where a fetch begins elsewhere.

        Compaction and transactions leave gaps that are no loss. Raises TopicsChanged where the
        partition ends before what was read of it.
        """
        first = (await self.earliest_offsets(tp))[tp]
        if (await self.highwaters(tp))[tp] < position:
            raise TopicsChanged(f"{tp.topic} has lost messages that were read")
        if first > position:
            self.app.continuity.tell(tp, Breach("expired", first - position))  # type: ignore[attr-defined]

    async def _pass_on(self, messages: Iterable[ConsumerMessage]) -> None:
        for message in messages:
            await self.callback(message)

    def _fetch(self, tp: TP, records: Records) -> ConsumerMessage:
        """Return the message of a fetch; its offset and time are those of the last record."""
        message = self._to_message(tp, records[-1])
        message.key, message.headers = None, []
        message.value = records  # type: ignore[assignment]
        return message

    def ack(self, message: Message) -> bool:
        """Mark a fetch as handled; return whether it was not before."""
        with ack_lock:
            if message.acked:
                return False
            message.acked = True
            self._unacked_messages.discard(message)
            notify(self._waiting_for_ack)
            return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (
            tp for tp in self._delivered if topics is None or tp in topics or tp.topic in topics
        )

    def _new_offset(self, tp: TP) -> int | None:
        """Return the offset after the last fetch that is handled with all before it."""
        delivered, offset = self._delivered[tp], None
        while delivered and (delivered[0].message is None or delivered[0].message.acked):
            offset = delivered.popleft().end
        return offset

    async def perform_seek(self) -> None:
        """Go back to the committed offsets: what is not committed comes again.

        What a stream has taken counts once it is acknowledged; what it has not is gone from its
        queue. Where nothing is committed, or not what is still there, the work goes on elsewhere.
        """
        for tp, delivered in self._delivered.items():
            self._delivered[tp] = deque(takewhile(_is_taken, delivered))
        await super().perform_seek()
        inputs = (tp for tp in self.assignment() if not self._is_changelog_tp(tp))
        # The client passes over a committed offset of 0 as over none.
        if begun := [tp for tp in inputs if not self._read_offset[tp]]:
            await self._thread.seek_to_beginning(*map(ensure_aiokafka_TP, begun))
        if elsewhere := self.app.continuity.elsewhere():  # type: ignore[attr-defined]
            await self._thread.seek_wait(elsewhere)
            self._read_offset.update(elsewhere)
            await self._thread.commit(elsewhere)
            self._committed_offset.update(elsewhere)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Hold the flow until Faust has recovered tables and sought; it resumes the flow itself.

        Faust holds it where partitions were revoked: not in a worker that had none. What the broker
        has lost since is seen first.
        """
        self.stop_flow()
        with crashing():
            await self.app.look(assigned)  # type: ignore[attr-defined]
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let go of partitions after what is being handled is handled and committed.

        Faust waits for it too, but not where the worker is told to stop meanwhile.
        """
        if self.app.should_stop:
            await self.wait_empty()
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._delivered.pop(tp, None)


class ConsumerThread(stock.AIOKafkaConsumerThread):
    """Has fetches answered soon, but not for every message; hands over first what cannot wait."""

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP] | None,
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Mapping[TP, list[Any]]:
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
        return await super()._fetch_records(consumer, active, timeout, max_records)

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
        fetcher._fetcher_timeout = QUIET_WAIT_MS / 1_000  # what it waits for wakes it anyway
        fetch = fetcher._proc_fetch_request

        async def fetch_and_see(*request: Any) -> bool:
            came: bool = await fetch(*request)
            quiet = not came and self._has_read_all(fetcher._records)
            fetcher._fetch_min_bytes = QUIET_BYTES if quiet else FETCH_BYTES
            fetcher._fetch_max_wait_ms = QUIET_WAIT_MS if quiet else FETCH_WAIT_MS
            return came

        fetcher._proc_fetch_request = fetch_and_see

    def _has_read_all(self, fetched: Iterable[TP]) -> bool:
        """Return whether none of `fetched` is for a stream, and no table is being recovered.

        What a worker has written to its changelog itself is fetched too, and never read.
        """
        consumer = self.consumer
        flows = consumer.flow_active and not self.app.in_recovery
        return flows and all(consumer._is_changelog_tp(tp) for tp in fetched)


class Producer(stock.Producer):
    """Sends nothing once the worker is out of its group."""

    def _new_producer(self, transactional_id: str | None = None) -> AIOKafkaProducer:
        producer = super()._new_producer(transactional_id)
        guard(producer.client, self.app)
        return producer


class Transport(stock.Transport):
    """Faust's driver with the consumer and the producer above."""

    Consumer = Consumer
    Producer = Producer
