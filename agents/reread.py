"""reread: reads texts again that `understand` read in haste, now with patience.

These events are on `cx.hurried`: the position of a consumer group survives a crash and takes no
memory, and if nothing was hurried there is nothing to fetch. The process of `understand`, which has
the engines, reads a few texts at a time while no fresh message waits. The event goes to `cx.scored`
again; its rank says that this reading is the one that counts.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from agents.runtime.messages import Message, Outgoing, decode_as, decode_batch
from pipeline.contracts.topology import SCORED
from pipeline.ingest.decode import parse
from pipeline.ingest.unknown import FIELDS
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.reading import Scored
from pipeline.text.reader import Reader

_SCORED = decode_as(Scored)


class SpareTime:
    """Spare time: no fresh message is being read, and the last one had not waited long."""

    def __init__(self, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the seconds of waiting above which there is no spare time."""
        self._patience, self._clock = patience, clock
        self._in_hand = 0
        self._pressed_until = clock()

    @contextmanager
    def taken(self, waited: float) -> Iterator[None]:
        """Mark a block that reads fresh messages; the oldest has `waited` so many seconds."""
        self._in_hand += 1
        try:
            yield
        finally:
            self._in_hand -= 1
            if waited > self._patience:  # there may be more behind them
                self._pressed_until = self._clock() + self._patience

    def is_there(self) -> bool:
        """Whether there is spare time now."""
        return not self._in_hand and self._clock() >= self._pressed_until

    async def come(self) -> None:
        """Return once there is spare time."""
        while not self.is_there():
            await asyncio.sleep(max(0.01, self._patience))


def with_patience(
    messages: Sequence[Message], reader: Reader
) -> tuple[list[Outgoing], list[DeadLetter]]:
    """Read the texts of events again without a time limit; pure.

    Everything but the reading is passed on unchanged, including fields of newer versions.
    """
    good, dead = decode_batch(messages, _SCORED)
    again = []
    readings = reader.read_events([scored.event for _, scored in good])
    for (message, scored), reading in zip(good, readings, strict=True):
        fields = parse(FIELDS, message.value or b"")
        value = msgspec.json.encode({**fields, "reading": reading})
        again.append(Outgoing(SCORED, scored.event.customer_id.encode(), value))
    return again, dead
