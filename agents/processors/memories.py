"""Memories: facts of earlier deliveries that later ones need, such as the owner of a ticket."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil

import msgspec

from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.connectors.outcome import Memory, Remembered

KIND = "memory/"
"""Prefix of the keys of memories among the states of the role."""
TOLD_AGAIN = timedelta(days=1)
"""Age up to which a repeated memory is not written again."""
SLICES = 256
"""Parts into which memories are divided, checked for expired ones in turn."""


class StoredMemory(msgspec.Struct, frozen=True, array_like=True):
    """A value, and the time of the delivery that held it."""

    value: str
    told_at: datetime


_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(StoredMemory)


def key_of(connection: str, memory: Memory) -> str:
    """Return the key of a memory: a hash, since ids of systems have any length and content."""
    told = "\0".join((connection, *memory)).encode("utf-8", "surrogatepass")
    return f"{KIND}{blake2b(told, digest_size=16).hexdigest()}"


class Memories:
    """The memories in a table, and those of the current batch, which are not in it yet."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.new: dict[StateKey, StoredMemory] = {}

    def recall(self, partition: int, connection: str) -> Callable[[str, str], str | None]:
        """Return the lookup of a connection's memories; its deliveries are in `partition`."""

        def recalled(kind: str, key: str) -> str | None:
            known = self._known(StateKey(partition, key_of(connection, Memory(kind, key))))
            return known.value if known else None

        return recalled

    def remember(
        self, partition: int, connection: str, told: Remembered, told_at: datetime
    ) -> StateKey:
        """Remember a value unless a later delivery has set another one; return its key."""
        key = StateKey(partition, key_of(connection, told.memory))
        known = self._known(key)
        if known is None or (
            known.told_at <= told_at
            and (known.value != told.value or known.told_at + TOLD_AGAIN < told_at)
        ):
            self.new[key] = StoredMemory(told.value, told_at)
        return key

    def _known(self, key: StateKey) -> StoredMemory | None:
        if key in self.new:
            return self.new[key]
        state = self._table.get(*key)
        return _DECODER.decode(state) if state else None

    @property
    def states(self) -> list[StoredState]:
        """The memories of the batch as states to store."""
        return [StoredState(*key, _ENCODER.encode(kept)) for key, kept in self.new.items()]


def forgotten(table: Table, part: int, oldest: datetime, most: int) -> list[StoredState]:
    """Return the tombstones of the expired memories of a part, from 0 to SLICES - 1.

    Expired are those older than `oldest`, and the oldest beyond `most` in all parts.
    """
    known = table.all(f"{KIND}{part:02x}")
    by_age = sorted((_DECODER.decode(state).told_at, key) for key, state in known)
    too_many = max(0, len(by_age) - ceil(most / SLICES))
    return [
        StoredState(*key, None)
        for place, (told_at, key) in enumerate(by_age)
        if place < too_many or told_at < oldest
    ]
