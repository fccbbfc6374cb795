"""Stores the states of customers in a Faust table on RocksDB, written after its changelog."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from faust.types import TP
from rocksdict import WriteBatch

from agents.runtime.app import MAX_OUTGOING, App
from agents.runtime.crash import Halt, crashing
from agents.runtime.due_index import NEVER, DueOf, entries, note_due
from agents.runtime.faust_internals import database
from agents.runtime.local_files import discard, is_damage
from agents.runtime.messages import Outgoing, send
from pipeline.broker.errors import BrokerError
from pipeline.broker.security import cluster_of
from pipeline.broker.topics import partitions_of
from pipeline.config.settings import Role, Settings
from pipeline.contracts.topology import INPUTS, changelog_of

MEMORY = {
    "write_buffer_size": 8_388_608,
    "max_write_buffer_number": 2,
    "block_cache_size": 16_777_216,
}
"""Bytes that RocksDB may use for a partition; Faust's defaults would take 2 GB."""


class StateKey(NamedTuple):
    """The partition and key of a customer's state."""

    partition: int
    customer_id: str


class StoredState(NamedTuple):
    """The state of a customer, to be stored in the partition of the customer's events.

    None removes it. `due` is when it is due (`due_index.py`).
    """

    partition: int
    customer_id: str
    state: bytes | None
    due: int = NEVER


class ChangelogAck(NamedTuple):
    """States confirmed on the changelog, as messages, and the newest offset by partition."""

    states: Sequence[StoredState]
    messages: Sequence[Outgoing]
    newest: Mapping[TP, int]


class Table(Protocol):
    """A store of states: a `StateStore`, or a dict in a test."""

    def get(self, partition: int, customer_id: str) -> bytes | None:
        """Return the last staged state, or the stored one."""

    def all(self, beginning: str = "") -> Iterable[tuple[StateKey, bytes]]:
        """Return the states of all partitions that this worker has, of keys with a beginning."""

    def partitions(self) -> Iterable[int]:
        """Return the partitions that this worker has."""

    def due(self, partition: int, until: int, most: int) -> Sequence[StateKey]:
        """Return whose states are due up to a time, the earliest first."""

    def stage(self, states: Sequence[StoredState]) -> None:
        """Have `get` answer with these from now on."""

    async def flush_changelog(self, states: Sequence[StoredState]) -> ChangelogAck:
        """Send states that were staged to the changelog; return when the broker has them."""

    def write_local(self, *acks: ChangelogAck) -> None:
        """Write states confirmed on the changelog to the local files.

        A call must include all states on the changelog up to the newest offset among them.
        """

    async def commit(self, states: Sequence[StoredState]) -> None:
        """Flush states that were staged to the changelog, then write them to the local files."""


class StateStore:
    """Stores bytes by customer. Faust recovers them from the changelog if local files are lost.

    Faust's own table assignment only queues the changelog message, and its flush gives up after a
    tenth of a second without progress: an offset could be committed whose state exists only in
    local files. Here `flush_changelog` returns once the broker has the states. `due_of` says when
    an encoded state is due.
    """

    def __init__(
        self, app: App, name: str, partitions: int, due_of: DueOf = lambda _: NEVER
    ) -> None:
        self._app, self._due_of = app, due_of
        self._staged: dict[tuple[int, bytes], bytes | None] = {}
        table: Any = app.Table(
            name,
            key_type=str,
            value_type=bytes,
            partitions=partitions,
            options=MEMORY,
            extra_topic_configs={"max.message.bytes": str(MAX_OUTGOING)},
        )
        self._table, self._store = table, table.data
        self._recover = self._store.apply_changelog_batch
        self._store.apply_changelog_batch = self._recover_or_crash

    def get(self, partition: int, customer_id: str) -> bytes | None:
        """Return the last staged state, or the stored one."""
        key = _key(customer_id)
        if (partition, key) in self._staged:
            return self._staged[partition, key]
        try:
            found: bytes | None = self._files(partition).get(key)
        except Exception as error:
            self._discard_damaged(partition, error)
            raise
        return found

    def all(self, beginning: str = "") -> Iterator[tuple[StateKey, bytes]]:
        """Yield the states of all partitions that this worker has, of keys with a beginning."""
        for partition in self.partitions():
            for key, state in self._visible(partition, _key(beginning)[:-1]):
                yield _state_key(partition, key), state

    def partitions(self) -> list[int]:
        """Return the partitions that this worker has."""
        topic = self._table.changelog_topic_name
        return [tp.partition for tp in self._app.assignor.assigned_actives() if tp.topic == topic]

    def due(self, partition: int, until: int, most: int) -> list[StateKey]:
        """Return whose states are due up to a time, the earliest first."""
        found: list[StateKey] = []
        outdated = WriteBatch(raw_mode=True)
        files = self._files(partition)
        for at, key, place in entries(files, until):
            state = _state_key(partition, key)
            if (current := self.get(*state)) and self._due_of(current) == at:
                found.append(state)
                if len(found) == most:
                    break
            elif (partition, key) not in self._staged:  # which is on its way to the files
                outdated.delete(place)
        if len(outdated):
            files.write(outdated)
        return found

    def _visible(self, partition: int, beginning: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and states. RocksDB's own iteration silently ends at a damaged file."""
        found = self._files(partition).iter()
        found.seek(beginning)
        while found.valid() and (key := found.key()).startswith(beginning):
            yield key, found.value()
            found.next()
        try:
            found.status()
        except Exception as error:
            self._discard_damaged(partition, error)
            raise

    def stage(self, states: Sequence[StoredState]) -> None:
        """Have `get` answer with these from now on."""
        for partition, customer_id, state, _ in states:
            self._staged[partition, _key(customer_id)] = state

    async def commit(self, states: Sequence[StoredState]) -> None:
        """Flush states that were staged to the changelog, then write them to the local files."""
        self.write_local(await self.flush_changelog(states))

    async def flush_changelog(self, states: Sequence[StoredState]) -> ChangelogAck:
        """Send states that were staged to the changelog; return when the broker has them."""
        topic = self._table.changelog_topic_name
        messages = [
            Outgoing(topic, _key(customer_id), state, partition=partition)
            for partition, customer_id, state, _ in states
        ]
        return ChangelogAck(states, messages, await send(self._app, messages))

    def write_local(self, *acks: ChangelogAck) -> None:
        """Write states confirmed on the changelog to the local files, partition by partition."""
        topic = self._table.changelog_topic_name
        batches: defaultdict[int, WriteBatch] = defaultdict(lambda: WriteBatch(raw_mode=True))
        written = [
            (state.partition, state.due, message)
            for states, messages, _ in acks
            for state, message in zip(states, messages, strict=True)
        ]
        for partition, due, message in written:
            if message.value is None:
                batches[partition].delete(message.key)
            else:
                batches[partition].put(message.key, message.value)
                note_due(batches[partition], message.key, due)
        for partition, batch in batches.items():
            offset = max(ack.newest.get(TP(topic, partition), -1) for ack in acks)
            batch.put(self._store.offset_key, str(offset).encode())
            try:
                self._files(partition).write(batch)
            except Exception as error:
                self._discard_damaged(partition, error)
                raise
            self._app.continuity.keep(partition, offset + 1)
        for partition, _, message in written:
            if self._staged.get((partition, message.key), b"") is message.value:
                del self._staged[partition, message.key]

    def _files(self, partition: int) -> Any:
        return database(self._store, partition)

    def _discard_damaged(self, partition: int, error: Exception) -> None:
        """Remove damaged files; the process ends with the error, and the next one recovers."""
        if is_damage(error):
            path = self._store.partition_path(partition)
            discard(self._app.continuity.role, partition, path, str(error)[:200])

    def _recover_or_crash(self, batch: Iterable[Any], *args: Any, **options: Any) -> None:
        """Crash if a recovery fails: Faust would log the error and wait for ever."""
        events = list(batch)
        with crashing():
            try:
                self._recover(events, *args, **options)
                self._index(event.message for event in events)
            except Exception as error:
                for partition in {event.message.partition for event in events}:
                    self._discard_damaged(partition, error)
                raise

    def _index(self, recovered: Iterable[Any]) -> None:
        batches: defaultdict[int, WriteBatch] = defaultdict(lambda: WriteBatch(raw_mode=True))
        for message in recovered:
            if message.value is not None:
                note_due(batches[message.partition], message.key, self._due_of(message.value))
        for partition, batch in batches.items():
            self._files(partition).write(batch)


def _key(customer_id: str) -> bytes:
    """Return the key in the form that Faust's recovery reads."""
    return msgspec.json.encode(customer_id)


def _state_key(partition: int, key: bytes) -> StateKey:
    return StateKey(partition, msgspec.json.decode(key, type=str))


def partitions_of_states(settings: Settings, role: Role) -> int:
    """Return the number of partitions of the topics that `role` reads, and so of its states.

    Raises Halt if they differ: a state is stored in the partition of its customer's events.
    Raises BrokerError if a topic is missing.
    """
    changelog = changelog_of(role)
    topics = (*INPUTS[role], changelog)
    bootstrap, security = cluster_of(settings.kafka)
    found = partitions_of(bootstrap, topics, security=security)
    if missing := sorted({*INPUTS[role]} - found.keys()):
        raise BrokerError(f"there is no topic {missing[0]}: nabiz topics apply")
    if len({*found.values()}) > 1:
        numbers = ", ".join(f"{name} {count}" for name, count in found.items())
        raise Halt(
            f"{role} needs the same number of partitions in all its topics, which have: {numbers}. "
            f"Recreate the topic to which partitions were added; if only {changelog} differs, "
            f"start {role} anew: docs/operations.md says how"
        )
    return found[INPUTS[role][0]]
