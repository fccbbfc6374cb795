"""A second consumer in the process of a role, which reads only while the role is idle."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError
from aiokafka.structs import TopicPartition
from faust.types import TP

from agents.runtime.continuity import report_breach
from agents.runtime.messages import Message, message_of
from pipeline.broker.continuity import Breach
from pipeline.broker.security import client_security
from pipeline.config.groups import KafkaSettings
from pipeline.contracts.topology import INPUTS, group_of

AT_ONCE = 8
"""Messages between checks for spare time."""
FETCH_WAIT_MS = 5_000
"""How long the broker holds an empty fetch; a new message is answered at once."""
LOOK_MS = 60_000
LEAVE_SECONDS = 1.0


async def read_in_spare_time(
    role: str,
    kafka: KafkaSettings,
    spare: Callable[[], Awaitable[None]],
    handle: Callable[[Sequence[Message]], Awaitable[None]],
) -> None:
    """Pass the messages of the topics of `role` to `handle`, a few at a time, for ever.

    `spare` returns once there is time. A batch is committed after `handle`; messages that expired
    before are logged and counted. Errors of `handle` and of the broker's client are raised.
    """
    async with _joined(role, kafka) as consumer:
        while True:
            await spare()
            fetched = await consumer.getmany(timeout_ms=LOOK_MS, max_records=AT_ONCE)
            for place, records in fetched.items():
                await _tell_of_expired(role, consumer, place, records[0].offset)
            now = datetime.now(UTC)
            messages = [
                message_of(record, now) for records in fetched.values() for record in records
            ]
            if messages:
                await handle(messages)
                with suppress(CommitFailedError):  # another worker has the partition, and reads it
                    await consumer.commit()


async def _tell_of_expired(
    role: str, consumer: AIOKafkaConsumer, place: TopicPartition, found: int
) -> None:
    """Log and count expired messages between the committed offset and the first one fetched.

    The client skips them silently. Transactions leave gaps that are no loss.
    """
    committed = await consumer.committed(place)
    if committed is None or committed >= found:
        return
    first = (await consumer.beginning_offsets([place]))[place]
    if first > committed:
        report_breach(role, TP(*place), Breach("expired", first - committed))


@asynccontextmanager
async def _joined(role: str, kafka: KafkaSettings) -> AsyncGenerator[AIOKafkaConsumer, None]:
    """Yield a member of the group of `role` without automatic commits."""
    consumer = AIOKafkaConsumer(
        *INPUTS[role],
        bootstrap_servers=kafka.bootstrap,
        group_id=group_of(role),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        session_timeout_ms=int(kafka.session_timeout * 1_000),
        heartbeat_interval_ms=int(kafka.session_timeout * 200),
        **client_security(kafka),
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        with suppress(TimeoutError):  # the broker may be gone
            await asyncio.wait_for(consumer.stop(), LEAVE_SECONDS)
