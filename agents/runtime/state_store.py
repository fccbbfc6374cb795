"""Customer states: a Faust table on RocksDB whose changelog is confirmed before the local write."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from faust.types import TP
from rocksdict import WriteBatch

from agents.runtime.app import MAX_OUTGOING, App
from agents.runtime.crash import crashing
from agents.runtime.faust_internals import database
from agents.runtime.local_files import is_damage, throw_away
from agents.runtime.messages import Outgoing, send

MEMORY = {
    "write_buffer_size": 8_388_608,
    "max_write_buffer_number": 2,
    "block_cache_size": 16_777_216,
}
"""Bytes that RocksDB may use for a partition; Faust's defaults would take 2 GB."""


class StateKey(NamedTuple):
    """Where the state of a customer is."""

    partition: int
    customer_id: str


class StoredState(NamedTuple):
    """The state of a customer, to be kept in the partition that the customer's events come from."""

    partition: int
    customer_id: str
    state: bytes


class Table(Protocol):
    """Where the states are kept: `States`, or a dict in a test."""

    def get(self, partition: int, customer_id: str) -> bytes | None:
        """Return a state."""

    def kept(self) -> Iterable[StoredState]:
        """Return the states of all partitions that this worker has."""

    def stage(self, states: Sequence[StoredState]) -> None:
        """Have `get` answer with these."""

    async def put(self, states: Sequence[StoredState]) -> None:
        """Make them durable, and keep them."""

    async def confirm(self, states: Sequence[StoredState]) -> "ChangelogAck":
        """Make them durable; they are still to be kept."""

    def keep(self, *confirmed: "ChangelogAck") -> None:
        """Keep them where `get` finds them."""


class ChangelogAck(NamedTuple):
    """States that the changelog has, each as its message, and the newest offset by partition."""

    states: Sequence[StoredState]
    messages: Sequence[Outgoing]
    newest: Mapping[TP, int]


class StateStore:
    """Bytes by customer. Faust recovers them from the changelog when the local files are gone.

    Faust's own table assignment only queues the changelog message, and its flush gives up after a
    tenth of a second without progress: an offset could be committed whose state is nowhere but in
    local files. Here `put` returns when the broker has the states.
    """

    def __init__(self, app: App, name: str, partitions: int) -> None:
        self._app = app
        self._staged: dict[tuple[int, bytes], bytes] = {}
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
        """Return the state that was staged last, or that is kept in the partition."""
        key = _key(customer_id)
        if staged := self._staged.get((partition, key)):
            return staged
        try:
            found: bytes | None = self._files(partition).get(key)
        except Exception as error:
            self._notice(partition, error)
            raise
        return found

    def kept(self) -> Iterator[StoredState]:
        """Yield all states of the partitions that this worker has."""
        topic = self._table.changelog_topic_name
        for tp in self._app.assignor.assigned_actives():
            if tp.topic == topic:
                for key, state in self._visible(tp.partition):
                    yield StoredState(tp.partition, msgspec.json.decode(key, type=str), state)

    def _visible(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and states. RocksDB's own iteration just ends where a file is damaged."""
        found = self._files(partition).iter()
        found.seek_to_first()
        while found.valid():
            if (key := found.key()) != self._store.offset_key:
                yield key, found.value()
            found.next()
        try:
            found.status()
        except Exception as error:
            self._notice(partition, error)
            raise

    def stage(self, states: Sequence[StoredState]) -> None:
        """Have `get` answer with these from now on; `put` makes them durable."""
        self._staged.update(((one.partition, _key(one.customer_id)), one.state) for one in states)

    async def put(self, states: Sequence[StoredState]) -> None:
        """Send states that were staged to the changelog; then keep them."""
        self.keep(await self.confirm(states))

    async def confirm(self, states: Sequence[StoredState]) -> ChangelogAck:
        """Send states that were staged to the changelog."""
        topic = self._table.changelog_topic_name
        messages = [
            Outgoing(topic, _key(customer_id), state, partition=partition)
            for partition, customer_id, state in states
        ]
        return ChangelogAck(states, messages, await send(self._app, messages))

    def keep(self, *confirmed: ChangelogAck) -> None:
        """Write the states to the local files, a partition's at once.

        Those of one call are all that the changelog holds up to the newest offset among them.
        """
        topic = self._table.changelog_topic_name
        batches: defaultdict[int, WriteBatch] = defaultdict(lambda: WriteBatch(raw_mode=True))
        written = [
            (state.partition, message)
            for states, messages, _ in confirmed
            for state, message in zip(states, messages, strict=True)
        ]
        for partition, message in written:
            batches[partition].put(message.key, message.value)
        for partition, batch in batches.items():
            offset = max(one.newest.get(TP(topic, partition), -1) for one in confirmed)
            batch.put(self._store.offset_key, str(offset).encode())
            try:
                self._files(partition).write(batch)
            except Exception as error:
                self._notice(partition, error)
                raise
            self._app.continuity.keep(partition, offset + 1)
        for partition, message in written:
            if self._staged.get((partition, message.key)) is message.value:
                del self._staged[partition, message.key]

    def _files(self, partition: int) -> Any:
        return database(self._store, partition)

    def _notice(self, partition: int, error: Exception) -> None:
        """Throw damaged files away; the process ends for the error, and the next one recovers."""
        if is_damage(error):
            path = self._store.partition_path(partition)
            throw_away(self._app.continuity.role, partition, path, str(error)[:200])

    def _recover_or_crash(self, batch: Iterable[Any], *args: Any, **options: Any) -> None:
        """Faust would log what fails in a recovery, and wait forever for it to end."""
        events = list(batch)
        with crashing():
            try:
                self._recover(events, *args, **options)
            except Exception as error:
                for partition in {event.message.partition for event in events}:
                    self._notice(partition, error)
                raise


def _key(customer_id: str) -> bytes:
    """Return the key as Faust's recovery reads it."""
    return msgspec.json.encode(customer_id)
