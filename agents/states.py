"""Customer states: a Faust table on RocksDB whose changelog is confirmed before the local write."""

from collections.abc import Sequence
from typing import Any, cast

import faust
from faust.types import TP

from agents.app import MAX_OUTGOING, Event, Outgoing, partition_of, send


class Fenced(Exception):  # noqa: N818 - not an error of ours
    """Another worker may have the partitions by now, and newer states."""


class States:
    """Bytes by customer. Faust recovers them from the changelog when the local files are gone.

    Faust's own table assignment only queues the changelog message, and its flush gives up after a
    tenth of a second without progress: an offset could be committed whose state is nowhere but in
    local files. Here `put` returns when the broker has the states.
    """

    def __init__(self, app: faust.App, name: str, partitions: int) -> None:
        self._app = app
        self._table: Any = app.Table(
            name,
            key_type=str,
            value_type=bytes,
            partitions=partitions,
            extra_topic_configs={"max.message.bytes": str(MAX_OUTGOING)},
        )

    def get(self, event: Event, customer_id: str) -> bytes | None:
        """Return the state in the partition of `event`."""
        with partition_of(event):
            found: bytes | None = self._table.get(customer_id)
        return found

    async def put(self, states: Sequence[tuple[Event, str, bytes]]) -> None:
        """Send the states to the changelog, each in the partition of its event; then keep them.

        Raises Fenced, before anything is written, where the events are of an earlier assignment.
        """
        if any(
            event.message.generation_id != self._app.consumer_generation_id for event, *_ in states
        ):
            raise Fenced("the partitions went to another worker while this one stood still")
        topic = self._table.changelog_topic_name
        confirmed = await send(
            self._app,
            [
                Outgoing(
                    topic,
                    self._key(customer_id),
                    state,
                    partition=event.message.partition,
                )
                for event, customer_id, state in states
            ],
        )
        for event, customer_id, state in states:
            with partition_of(event):
                self._table.data[customer_id] = state
        newest = {record.partition: record.offset for record in confirmed}
        for partition, offset in newest.items():
            self._table.data.set_persisted_offset(TP(topic, partition), offset)

    def _key(self, customer_id: str) -> bytes:
        """Encode as the table does: recovery compares bytes."""
        key = self._app.serializers.dumps_key(str, customer_id, serializer="json")
        return cast(bytes, key)
