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
"""Messages between two looks at whether there is still time."""
FETCH_WAIT_MS = 5_000
"""How long the broker holds a fetch while nothing comes; what comes is handed over at once."""
LOOK_MS = 60_000
LEAVE_SECONDS = 1.0


async def read_in_spare_time(
    role: str,
    kafka: KafkaSettings,
    spare: Callable[[], Awaitable[None]],
    handle: Callable[[Sequence[Message]], Awaitable[None]],
) -> None:
    """Give `handle` what waits on the topics of `role`, a few at a time, for ever.

    `spare` returns when there is time. A batch is committed after `handle`; what expired before
    there was time is logged and counted. Raises what `handle` and the broker's client raise.
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
    """Log and count what is gone between the offset that was committed and the one that came.

    The client passes over it in silence. Transactions leave gaps that are no loss.
    """
    committed = await consumer.committed(place)
    if committed is None or committed >= found:
        return
    first = (await consumer.beginning_offsets([place]))[place]
    if first > committed:
        report_breach(role, TP(*place), Breach("expired", first - committed))


@asynccontextmanager
async def _joined(role: str, kafka: KafkaSettings) -> AsyncGenerator[AIOKafkaConsumer, None]:
    """Yield a member of the group of `role` that commits nothing by itself."""
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
