"""Publishes single messages to a topic with confirmation; concurrent ones share a batch.

Messages that arrive while a batch is on its way to a partition form the next one. So batches grow
with the load, and no message waits for others.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from agents.runtime.partitioner import partition_of
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.security import client_security
from pipeline.config.groups import KafkaSettings

log = structlog.get_logger(__name__)

WITHIN, LOOK_EVERY = 1.5, 0.1
"""Seconds after which a message is given up, and between checks for late ones."""
MOST_WAITING = 64 * 2**20
"""Most bytes waiting for confirmation; more are refused at once."""
BATCH_BYTES = 524_288
"""Most bytes of a batch; a single message may be larger."""
RECONNECT_EVERY = 0.5
REQUEST_TIMEOUT_MS = 10_000
CLOSE_WITHIN = 3.0


class TopicProducer:
    """Sends to one topic; the key decides the partition.

    The client is idempotent: a message whose confirmation was lost is not duplicated. One that was
    given up may still be on the topic; its sender sends it again. A failed client is replaced.
    """

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._link: _Link | None = None
        self._waiting: deque[_PendingRecord] = deque()
        self._waiting_bytes = 0
        self._away_since: float | None = monotonic()
        self.is_started = False
        """Whether it has been connected."""

    @property
    def away_for(self) -> float:
        """Seconds since Kafka last answered in time, 0 if it is available."""
        return 0.0 if self._away_since is None else monotonic() - self._away_since

    async def keep(self, key: bytes, value: bytes) -> None:
        """Return once the broker has the message. Raises BrokerUnavailable within two seconds."""
        if self._link is None:
            raise self._unavailable("is away")
        if self._waiting_bytes + len(value) > MOST_WAITING:
            raise self._unavailable("is too slow: too many messages wait")
        message = _PendingRecord(key, value)
        self._waiting.append(message)
        self._link.add(message)
        self._waiting_bytes += len(value)
        try:
            await message.confirmed
        finally:
            self._waiting_bytes -= len(value)
        self._away_since = None

    async def run(self) -> None:
        """Keep a connection for `keep` until cancelled."""
        await asyncio.gather(self._stay_connected(), self._give_up_what_is_late())

    async def _stay_connected(self) -> None:
        while True:
            try:
                async with _Link(self._kafka, self._topic) as link:
                    self._link, self._away_since, self.is_started = link, None, True
                    error = await link.failure
                    self._link, self._away_since = None, monotonic()
                    self._give_up(len(self._waiting), f"did not accept it ({error})")
            except (KafkaError, OSError) as away:
                error = away
            log.warning("Kafka does not answer", error=repr(error))
            await asyncio.sleep(RECONNECT_EVERY)

    async def _give_up_what_is_late(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            before = monotonic() - WITHIN
            late = 0
            for message in self._waiting:
                if message.came_at > before:
                    break
                late += 1
            self._give_up(late, "does not confirm")
            while self._waiting and self._waiting[0].confirmed.done():
                self._waiting.popleft()

    def _give_up(self, count: int, why: str) -> None:
        """Fail the oldest `count` messages, unless confirmed."""
        for _ in range(count):
            message = self._waiting.popleft()
            if not message.confirmed.done():
                self._away_since = self._away_since or message.came_at
                message.confirmed.set_exception(self._unavailable(why))

    def _unavailable(self, why: str) -> BrokerUnavailable:
        return BrokerUnavailable(f"Kafka at {self._kafka.bootstrap} {why}")


class _PendingRecord:
    """A record that waits for confirmation."""

    __slots__ = ("came_at", "confirmed", "key", "value")

    def __init__(self, key: bytes, value: bytes) -> None:
        self.key = key
        self.value = value
        self.confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.came_at = monotonic()


class _Link:
    """A Kafka client, used until it fails with the error in `failure`."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        self._topic = topic
        self._client: Any = AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap,
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            **client_security(kafka),
        )
        self._partitions = 0
        self._lanes: defaultdict[int, deque[_PendingRecord]] = defaultdict(deque)
        self._sending: dict[int, asyncio.Task[None]] = {}
        self.failure: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> "_Link":
        """Connect. Raises KafkaError and OSError."""
        try:
            await self._client.start()
            self._partitions = len(await self._client.partitions_for(self._topic))
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()
        for sending in self._sending.values():
            sending.cancel()

    async def _close(self) -> None:
        """Close the client; wait a moment for messages being sent."""
        with suppress(KafkaError, TimeoutError, OSError):
            await asyncio.wait_for(self._client.stop(), CLOSE_WITHIN)

    def add(self, message: _PendingRecord) -> None:
        """Queue a message for its partition, and send the queue."""
        partition = partition_of(message.key, self._partitions)
        self._lanes[partition].append(message)
        if partition not in self._sending:
            self._sending[partition] = asyncio.create_task(self._send(partition))

    async def _send(self, partition: int) -> None:
        """Send the messages queued for a partition, one batch after the other."""
        lane = self._lanes[partition]
        try:
            while batch := self._batch(lane):
                messages, builder = batch
                sent = await self._client.send_batch(builder, self._topic, partition=partition)
                await sent
                for message in messages:
                    if not message.confirmed.done():
                        message.confirmed.set_result(None)
            del self._sending[partition]
        except Exception as error:  # whatever it is, another client goes on
            if not self.failure.done():
                self.failure.set_result(error)

    def _batch(self, lane: deque[_PendingRecord]) -> tuple[list[_PendingRecord], Any] | None:
        """Return the next messages and a batch of them, or None if there are none."""
        builder = self._client.create_batch()
        messages = list(_put(lane, builder))
        builder.close()
        return (messages, builder) if messages else None


def _put(lane: deque[_PendingRecord], builder: Any) -> Iterator[_PendingRecord]:
    """Move messages into a batch while they fit, without those given up; yield them."""
    while lane:
        message = lane[0]
        if not message.confirmed.done():
            appended = builder.append(
                timestamp=None, key=message.key, value=message.value, headers=[]
            )
            if appended is None:
                return
            yield message
        lane.popleft()
