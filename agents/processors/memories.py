"""Memories: what deliveries have told of others, as whose ticket it is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil

import msgspec

from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.connectors.outcome import Memory, Remembered

KIND = "memory/"
"""What the keys of memories begin with, among the states of the role."""
TOLD_AGAIN = timedelta(days=1)
"""How old a memory is at most when the same is told again, and it is not written anew."""
SLICES = 256
"""Parts of all memories that are looked at in turn for what is to be forgotten."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A value, and when it was told."""

    value: str
    told_at: datetime


_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Kept)


def key_of(connection: str, memory: Memory) -> str:
    """Return the key of a memory: a hash, since what a system sends has any length and content."""
    told = "\0".join((connection, *memory)).encode("utf-8", "surrogatepass")
    return f"{KIND}{blake2b(told, digest_size=16).hexdigest()}"


class Memories:
    """The memories in a table, and those of the batch in hand, which are not in it yet."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.new: dict[StateKey, Kept] = {}

    def recall(self, partition: int, connection: str) -> Callable[[str, str], str | None]:
        """Return what answers for a connection, whose deliveries are in a partition."""

        def recalled(kind: str, key: str) -> str | None:
            known = self._known(StateKey(partition, key_of(connection, Memory(kind, key))))
            return known.value if known else None

        return recalled

    def remember(
        self, partition: int, connection: str, told: Remembered, told_at: datetime
    ) -> StateKey:
        """Remember a value, unless a later delivery has told another; return its key."""
        key = StateKey(partition, key_of(connection, told.memory))
        known = self._known(key)
        if known is None or (
            known.told_at <= told_at
            and (known.value != told.value or known.told_at + TOLD_AGAIN < told_at)
        ):
            self.new[key] = Kept(told.value, told_at)
        return key

    def _known(self, key: StateKey) -> Kept | None:
        if key in self.new:
            return self.new[key]
        state = self._table.get(*key)
        return _DECODER.decode(state) if state else None

    @property
    def states(self) -> list[StoredState]:
        """The memories of the batch, as they are to be kept."""
        return [StoredState(*key, _ENCODER.encode(kept)) for key, kept in self.new.items()]


def forgotten(table: Table, part: int, oldest: datetime, most: int) -> list[StoredState]:
    """Return the end of the memories of a part, from 0 to SLICES - 1, that are not to be kept.

    These are those told before `oldest`, and the oldest of more than `most` in all parts.
    """
    known = table.all(f"{KIND}{part:02x}")
    by_age = sorted((_DECODER.decode(state).told_at, key) for key, state in known)
    too_many = max(0, len(by_age) - ceil(most / SLICES))
    return [
        StoredState(*key, None)
        for place, (told_at, key) in enumerate(by_age)
        if place < too_many or told_at < oldest
    ]
