"""reread: what `understand` read in haste is read again with patience, and sent once more.

What is still to be read again lies on `cx.hurried`: the position of a consumer group in it survives
a crash and takes no memory, and where nothing was hurried there is nothing to fetch. It is done in
the process of `understand`, which has the engines, a few texts at a time while no fresh message
waits. The event goes to `cx.scored` again; its rank says that this reading is the one that counts.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError
from aiokafka.structs import TopicPartition
from faust.types import TP

from agents.runtime.continuity import tell
from agents.runtime.messages import Message, Outgoing, decode_as, decode_batch, message_of
from pipeline.broker.continuity import Breach
from pipeline.broker.security import client_security
from pipeline.config.groups import KafkaSettings
from pipeline.contracts.topology import HURRIED, SCORED, group_of
from pipeline.ingest.decode import parse
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.reading import Scored
from pipeline.text.reader import Reader

AT_ONCE = 8
"""Texts between two looks at whether there is still time."""
FETCH_WAIT_MS = 5_000
"""How long the broker holds a fetch while nothing comes; what comes is handed over at once."""
LOOK_MS = 60_000
LEAVE_SECONDS = 1.0

_SCORED = decode_as(Scored)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class SpareTime:
    """Whether fresh messages leave time: none is being read, and the last had not waited long."""

    def __init__(self, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take as long what is over `patience` seconds."""
        self._patience, self._clock = patience, clock
        self._in_hand = 0
        self._pressed_until = clock()

    @contextmanager
    def taken(self, waited: float) -> Iterator[None]:
        """Fresh messages are read inside; the oldest of them has `waited` so many seconds."""
        self._in_hand += 1
        try:
            yield
        finally:
            self._in_hand -= 1
            if waited > self._patience:  # there may be more behind them
                self._pressed_until = self._clock() + self._patience

    def is_there(self) -> bool:
        """Whether there is time now."""
        return not self._in_hand and self._clock() >= self._pressed_until

    async def come(self) -> None:
        """Return when there is time."""
        while not self.is_there():
            await asyncio.sleep(max(0.01, self._patience))


async def read_again(
    settings: KafkaSettings,
    spare: SpareTime,
    handle: Callable[[Sequence[Message]], Awaitable[None]],
) -> None:
    """Give `handle` what waits on `cx.hurried`, a few at a time while there is time, for ever.

    What it has returned from is acknowledged; what expired before there was time is told of. Raises
    what `handle` and the broker's client raise.
    """
    async with _joined(settings) as consumer:
        while True:
            await spare.come()
            fetched = await consumer.getmany(timeout_ms=LOOK_MS, max_records=AT_ONCE)
            for place, records in fetched.items():
                await _tell_of_expired(consumer, place, records[0].offset)
            now = datetime.now(UTC)
            messages = [message_of(one, now) for records in fetched.values() for one in records]
            if messages:
                await handle(messages)
                with suppress(CommitFailedError):  # another worker has the partition, and reads it
                    await consumer.commit()


async def _tell_of_expired(consumer: AIOKafkaConsumer, place: TopicPartition, found: int) -> None:
    """Tell of what is gone between the offset that was committed and the one that came.

    The client passes over it in silence. Transactions leave gaps that are no loss.
    """
    committed = await consumer.committed(place)
    if committed is None or committed >= found:
        return
    first = (await consumer.beginning_offsets([place]))[place]
    if first > committed:
        tell("reread", TP(*place), Breach("expired", first - committed))


def with_patience(
    messages: Sequence[Message], reader: Reader
) -> tuple[list[Outgoing], list[DeadLetter]]:
    """Read the texts of events again, with all the time that it takes; pure.

    All but the reading goes on as it came, what a newer version has added too.
    """
    good, dead = decode_batch(messages, _SCORED)
    again = []
    readings = reader.read_events([scored.event for _, scored in good])
    for (message, scored), reading in zip(good, readings, strict=True):
        fields = parse(_FIELDS, message.value or b"")
        value = msgspec.json.encode({**fields, "reading": reading})
        again.append(Outgoing(SCORED, scored.event.customer_id.encode(), value))
    return again, dead


@asynccontextmanager
async def _joined(settings: KafkaSettings) -> AsyncGenerator[AIOKafkaConsumer, None]:
    """A member of the group, which commits by itself nothing."""
    consumer = AIOKafkaConsumer(
        HURRIED,
        bootstrap_servers=settings.bootstrap,
        group_id=group_of("reread"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        session_timeout_ms=int(settings.session_timeout * 1_000),
        heartbeat_interval_ms=int(settings.session_timeout * 200),
        **client_security(settings),
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        with suppress(TimeoutError):  # the broker may be gone
            await asyncio.wait_for(consumer.stop(), LEAVE_SECONDS)
