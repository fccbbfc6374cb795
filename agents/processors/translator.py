"""Maps deliveries to events, stores their memories, and handles waiting deliveries.

A delivery waits for a memory of another one, or for an answer of the source's API. It is durable
before it is acknowledged, and removed only once its results are published: after a kill in
between, they are published again under the same ids.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle, islice

from agents.processors.memories import SLICES, forgotten
from agents.processors.translation import Ask, LookUp, Translation, Turn
from agents.processors.waiting_room import WaitingRoom, stored, waiting
from agents.runtime.crash import crashing
from agents.runtime.messages import Message
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.config.connectors import TranslateSettings
from pipeline.connectors.outcome import Answer, Fetched, Request
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.connections import ConnectionBook

TOGETHER = 500
"""Most waiting deliveries mapped again at once."""

Publish = Callable[[Turn], Awaitable[None]]


class Translator:
    """Maps deliveries at once or, if they must wait, later. One task runs at a time."""

    def __init__(
        self,
        book: ConnectionBook,
        seal: Seal,
        table: Table,
        settings: TranslateSettings,
        refuse: Publish,
        publish: Publish,
        ask: Ask,
        now: Callable[[], datetime],
    ) -> None:
        self._table, self._settings, self._now = table, settings, now
        self._refuse, self._publish, self._ask = refuse, publish, ask
        self._patience = timedelta(seconds=settings.wait_seconds)
        self._room = WaitingRoom(table)
        self._translation = Translation(book, seal, table, self._room, settings)
        self._restored: list[StateKey] = []
        self._asking: dict[StateKey, asyncio.Task[None]] = {}
        self._slices = cycle(range(SLICES))
        self._one_at_a_time = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """The number of waiting deliveries."""
        return len(self._room)

    async def process(self, messages: Sequence[Message]) -> None:
        """Map deliveries; return once their results are confirmed or they are stored to wait."""
        async with self._one_at_a_time:
            now = self._now()
            came = [waiting(message, now) for message in messages]
            await self._commit(await asyncio.to_thread(self._translation.turn, came, now, {}))

    async def advance(self) -> None:
        """Map restored and expired deliveries again."""
        async with self._one_at_a_time:
            now = self._now()
            due, self._restored = self._restored[:TOGETHER], self._restored[TOGETHER:]
            expired = self._room.expired(now, self._patience)
            due += islice((key for key in expired if key not in self._asking), TOGETHER)
            if due:
                await self._map_again(due, now, {})

    async def forget(self) -> None:
        """Remove the expired memories of one part."""
        async with self._one_at_a_time:
            oldest = self._now() - timedelta(days=self._settings.memory_days)
            part = next(self._slices)
            await self._keep(forgotten(self._table, part, oldest, self._settings.memories))

    async def restore(self) -> None:
        """Load waiting deliveries after partitions were assigned to this worker."""
        async with self._one_at_a_time:
            self._restored = self._room.restore()

    async def release(self) -> None:
        """Cancel look-ups and forget waiting deliveries: the partitions go to another worker."""
        async with self._one_at_a_time:
            for task in self._asking.values():
                task.cancel()
            self._asking.clear()
            self._restored.clear()
            self._room.clear()

    async def _map_again(
        self, keys: Iterable[StateKey], now: datetime, fetched: Mapping[StateKey, Fetched]
    ) -> Turn:
        """Map waiting deliveries again, with the fetched answers."""
        found = [*filter(None, map(self._room.read, dict.fromkeys(keys)))]
        turn = await asyncio.to_thread(self._translation.turn, found, now, fetched)
        await self._commit(turn)
        return turn

    async def _commit(self, turn: Turn) -> None:
        """Commit the results of deliveries, in the order of `agents/runtime/component.py`."""
        await self._refuse(turn)
        states = [*turn.memories.states, *map(stored, turn.waiting.values())]
        self._table.stage(states)
        confirmed = await self._table.flush_changelog(states)
        await self._publish(turn)
        self._table.write_local(confirmed)
        ended = [key for key in dict.fromkeys(turn.done) if key not in turn.waiting]
        await self._keep([StoredState(*key, None) for key in ended])
        for key, look_up in turn.wanted.items():
            if key not in self._asking:
                self._asking[key] = asyncio.create_task(self._look_up(key, look_up))

    async def _keep(self, states: Sequence[StoredState]) -> None:
        if states:
            self._table.stage(states)
            await self._table.commit(states)

    async def _look_up(self, key: StateKey, wanted: LookUp | None) -> None:
        """Send the requests of a delivery and map it again, until it has no more."""
        fetched: dict[Request, Answer] = {}
        with crashing():
            while wanted:
                fetched |= await self._ask(wanted, wanted.since + self._patience)
                async with self._one_at_a_time:
                    turn = await self._map_again([key], self._now(), {key: fetched})
                    wanted = turn.wanted.get(key)
                    if not wanted:
                        self._asking.pop(key, None)
