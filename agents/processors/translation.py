"""Maps deliveries one after the other; each may leave memories for the next."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from agents.processors.memories import Memories, key_of
from agents.processors.refusals import dead_letter
from agents.processors.waiting_room import Waiting, WaitingRoom
from agents.runtime.state_store import StateKey, Table
from pipeline.config.connectors import TranslateSettings
from pipeline.connectors.binding import NOTHING
from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping as SystemMapping
from pipeline.connectors.mapping import MappingError
from pipeline.connectors.outcome import Answer, Draft, Fetched, Recall, Request
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.model.dead_letter import DeadLetter, Invalid, Reason
from pipeline.model.erasure import ErasureRequest
from pipeline.model.event import Event

log = structlog.get_logger(__name__)


class LookUp(NamedTuple):
    """The requests of a delivery to the API of its source."""

    connection: Connection
    mapping: SystemMapping
    requests: Sequence[Request]
    since: datetime
    calls_per_second: float | None = None
    """Most waiting deliveries, in place of the setting."""


Ask = Callable[[LookUp, datetime], Awaitable[Mapping[Request, Answer]]]
"""Sends the requests of a delivery, until a deadline."""


class Fate(NamedTuple):
    """The outcome of a delivery, for the metrics."""

    connection: str
    draft: Draft
    waits: bool


@dataclass
class Turn:
    """The results of deliveries. `done` have waited until now; `looked_for` are connections not in
    force."""

    memories: Memories
    fates: list[Fate] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    erased: list[ErasureRequest] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    waiting: dict[StateKey, Waiting] = field(default_factory=dict)
    wanted: dict[StateKey, LookUp] = field(default_factory=dict)
    done: list[StateKey] = field(default_factory=list)
    looked_for: set[str] = field(default_factory=set)


class Translation:
    """Maps deliveries by the connections in force."""

    def __init__(
        self,
        book: ConnectionBook,
        seal: Seal,
        table: Table,
        room: WaitingRoom,
        settings: TranslateSettings,
    ) -> None:
        self._book, self._seal, self._table, self._room = book, seal, table, room
        self._most = settings.waiting
        self._patience = timedelta(seconds=settings.wait_seconds)

    def turn(
        self,
        deliveries: Iterable[Waiting],
        now: datetime,
        fetched: Mapping[StateKey, Fetched],
    ) -> Turn:
        """Map deliveries, and those that waited for their memories.

        `fetched` holds the answers to the requests of some of them.
        """
        turn = Turn(Memories(self._table))
        queue = deque(deliveries)
        for one in queue:
            self._leave(one.key, turn)
        while queue:
            one = queue.popleft()
            for memory in self._translate(one, now, fetched.get(one.key, NOTHING), turn):
                for key in self._room.of_memory(memory):
                    if waiting := turn.waiting.pop(key, None) or self._room.read(key):
                        queue.append(waiting)
                    self._leave(key, turn)
        return turn

    def _leave(self, key: StateKey, turn: Turn) -> None:
        if key in self._room:
            self._room.remove(key)
            turn.done.append(key)

    def _translate(
        self, one: Waiting, now: datetime, fetched: Fetched, turn: Turn
    ) -> list[StateKey]:
        """Add the results of a delivery; return the keys of its new memories."""
        delivery = mapping = None
        try:
            delivery = self._seal.opened(one.sealed)
            connection, mapping = self._found(delivery.connection, turn)
            recall = turn.memories.recall(one.partition, connection.name)
            draft = _draft(mapping, delivery, connection, recall, fetched)
            waits = self._waits(one, now, draft)
        except Invalid as invalid:
            turn.dead.append(dead_letter(one, delivery, [invalid], mapping))
            name = delivery.connection if delivery else "unknown"
            turn.fates.append(Fate(name, Draft(refused=[invalid]), waits=False))
            return []
        if waits:
            missed = tuple(key_of(connection.name, memory) for memory in draft.missed)
            turn.waiting[one.key] = waiting = replace(one, missed=missed)
            self._room.add(waiting)
            if draft.wanted:
                turn.wanted[one.key] = LookUp(connection, mapping, draft.wanted, one.since)
        elif draft.refused:
            turn.dead.append(dead_letter(one, delivery, draft.refused, mapping))
        turn.fates.append(Fate(connection.name, draft, waits))
        turn.events += draft.events
        turn.erased += (
            ErasureRequest(customer, connection.system, connection.name, delivery.received_at)
            for customer in draft.erased
        )
        return [
            turn.memories.remember(one.partition, connection.name, told, delivery.received_at)
            for told in draft.remembered
        ]

    def _waits(self, one: Waiting, now: datetime, draft: Draft) -> bool:
        """Return whether a delivery should wait for missing data. Raises Invalid."""
        if not draft.wanted and not draft.missed:
            return False
        if one.since + self._patience <= now:
            why = "was not answered in time"
        elif len(self._room) >= self._most:
            why = f"would be one more than {self._most:,} (NABIZ_TRANSLATE_WAITING)"
        else:
            return True
        if draft.wanted:
            raise Invalid(Reason.LOOK_UP_FAILED, f"{draft.wanted[0].url} {why}.")
        return False

    def _found(self, name: str, turn: Turn) -> tuple[Connection, SystemMapping]:
        """Return a connection and its mapping, if in force. Raises Invalid."""
        if name not in self._book.connections and name not in turn.looked_for:
            turn.looked_for.add(name)
            self._book.reload()  # who received it may have seen the file before us
        connection = self._book.connections.get(name)
        if connection is None:
            why = self._book.refused.get(name) or f"{self._book.file.name} has none of this name"
            raise Invalid(Reason.UNKNOWN_CONNECTION, f"The connection `{name}` is gone: {why}.")
        try:
            return connection, self._book.mapping(connection)
        except MappingError as error:
            raise Invalid(Reason.MAPPING_FAILED, f"The mapping is not in force: {error}.") from None


def _draft(
    mapping: SystemMapping,
    delivery: Delivery,
    connection: Connection,
    recall: Recall,
    fetched: Fetched,
) -> Draft:
    """Map a delivery. Raises Invalid if the mapping fails."""
    try:
        return mapping.map(delivery, connection, recall, fetched)
    except Exception as error:
        log.exception("mapping failed", system=mapping.system, connection=connection.name)
        reason = f"The mapping of {mapping.system} failed ({type(error).__name__})."
        raise Invalid(Reason.MAPPING_FAILED, reason) from None
