"""Deliveries that wait for a memory of another one, or for an answer of the source's API."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from agents.runtime.messages import Message
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.contracts.topology import RECEIVED

KIND = "waiting/"
"""Prefix of the keys of waiting deliveries among the states of the role."""


class Waiting(msgspec.Struct, frozen=True):
    """A sealed delivery, its place on the topic, and the start of its wait.

    `missed` are keys of memories, any of which ends the wait; without any, it waits for an answer.
    """

    partition: int
    offset: int
    connection: bytes | None
    sealed: bytes
    received_at: datetime
    since: datetime
    missed: tuple[str, ...] = ()

    @property
    def key(self) -> StateKey:
        """The key of its state."""
        return StateKey(self.partition, f"{KIND}{self.offset}")

    @property
    def message(self) -> Message:
        """The message of the delivery."""
        place = (RECEIVED, self.partition, self.offset)
        return Message(*place, self.connection, self.sealed, self.received_at, self.received_at)


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Waiting)


def waiting(message: Message, since: datetime, missed: Iterable[str] = ()) -> Waiting:
    """Return a waiting delivery from its message."""
    place = (message.partition, message.offset, message.key, message.value or b"")
    return Waiting(*place, message.received_at, since, tuple(missed))


class WaitingRoom:
    """Indexes the waiting deliveries in a table by the memories that they wait for."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._missed: dict[StateKey, tuple[str, ...]] = {}
        self._since: dict[StateKey, datetime] = {}
        self._by_memory: defaultdict[StateKey, set[StateKey]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._since)

    def __contains__(self, key: StateKey) -> bool:
        return key in self._since

    def restore(self) -> list[StateKey]:
        """Load the waiting deliveries from the table and return them."""
        self.clear()
        for _, state in self._table.all(KIND):
            self.add(_DECODER.decode(state))
        return [*self._since]

    def clear(self) -> None:
        """Forget the waiting deliveries: other workers take over."""
        self._missed.clear()
        self._since.clear()
        self._by_memory.clear()

    def add(self, one: Waiting) -> None:
        """Add a waiting delivery."""
        self.remove(one.key)
        self._since[one.key], self._missed[one.key] = one.since, one.missed
        for memory in one.missed:
            self._by_memory[StateKey(one.partition, memory)].add(one.key)

    def remove(self, key: StateKey) -> None:
        """Remove a delivery that no longer waits."""
        self._since.pop(key, None)
        for memory in self._missed.pop(key, ()):
            place = StateKey(key.partition, memory)
            self._by_memory[place].discard(key)
            if not self._by_memory[place]:
                del self._by_memory[place]

    def of_memory(self, memory: StateKey) -> list[StateKey]:
        """Return the deliveries that wait for a memory."""
        return sorted(self._by_memory.get(memory, ()))

    def expired(self, now: datetime, patience: timedelta) -> Iterator[StateKey]:
        """Yield deliveries that have waited for too long."""
        return (key for key, since in self._since.items() if since + patience <= now)

    def read(self, key: StateKey) -> Waiting | None:
        """Return a waiting delivery."""
        state = self._table.get(*key)
        return _DECODER.decode(state) if state else None


def stored(one: Waiting) -> StoredState:
    """Return a waiting delivery as a state to store."""
    return StoredState(*one.key, _ENCODER.encode(one))
