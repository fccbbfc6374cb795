"""The ledger of `follow_up`: what came and what time changed, made durable and then published.

A state is durable before what follows from it is published, and says whether that was confirmed: a
worker that is killed in between publishes the same again, under the same id and revision.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from agents.runtime.app import utc_now
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.common import metrics
from pipeline.follow_up.case import Arrival, FollowUpState, hear_all, pass_time_of_all, published
from pipeline.follow_up.clock import EventClock
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import FollowUpEvent

TOGETHER = 500
"""Customers whose time is seen to in one go."""
_AT_ONCE = datetime.min.replace(tzinfo=UTC)

_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(FollowUpState)

Publish = Callable[[Sequence[FollowUpEvent]], Awaitable[object]]


class _Change(NamedTuple):
    place: StateKey
    before: FollowUpState
    after: FollowUpState


class FollowUpProcessor:
    """Holds of each customer only when time changes something next; the rest is in the table."""

    def __init__(
        self, sla: Sla, table: Table, publish: Publish, wall: Callable[[], datetime] = utc_now
    ) -> None:
        self._sla, self._table, self._publish, self._wall = sla, table, publish, wall
        self._clock = EventClock()
        self._next: dict[StateKey, datetime] = {}
        self._turn = asyncio.Lock()

    async def take(self, arrivals: Mapping[StateKey, Sequence[Arrival]]) -> None:
        """Take in what came; return when states and follow-ups are confirmed."""
        async with self._turn:
            changes = []
            for place, mine in arrivals.items():
                before = self._customer(place)
                changes.append(_Change(place, before, hear_all(before, mine, self._sla)))
                for one in mine:
                    self._clock.hear(one.received_at - one.happened_at)
            await self._settle(changes)

    async def look(self) -> None:
        """See to what the passing of time has changed, one thing after the other."""
        async with self._turn:
            while (now := self._clock.at(self._wall())) and (due := self._due(now)):
                changes = []
                for place in due:
                    before = self._customer(place)
                    changes.append(_Change(place, before, pass_time_of_all(before, self._sla, now)))
                await self._settle(changes)

    async def load(self) -> None:
        """Go on with the states that are kept, after partitions were given to this worker."""
        async with self._turn:
            self._next.clear()
            for partition, customer_id, state in self._table.kept():
                customer = _DECODER.decode(state)
                self._clock.hear(timedelta(seconds=customer.lag))
                self._schedule(StateKey(partition, customer_id), customer)

    async def leave(self) -> None:
        """Forget the states, once what is in hand is done: the partitions go to another worker."""
        async with self._turn:
            self._next.clear()

    def _customer(self, place: StateKey) -> FollowUpState:
        state = self._table.get(*place)
        return _DECODER.decode(state) if state else FollowUpState()

    def _due(self, now: datetime) -> list[StateKey]:
        return [place for place, at in self._next.items() if at <= now][:TOGETHER]

    def _schedule(self, place: StateKey, customer: FollowUpState) -> None:
        self._next.pop(place, None)
        if at := _AT_ONCE if customer.due else customer.next_at:
            self._next[place] = at

    async def _settle(self, changes: Sequence[_Change]) -> None:
        """Keep what changed, publish what is due, and keep that it was."""
        await self._keep(changes)
        if events := [event for one in changes for event in one.after.due]:
            await self._publish(events)
            for event in events:
                metrics.FOLLOW_UPS.labels(event.type.rpartition(".")[2]).inc()
        settled = [_Change(one.place, one.after, published(one.after)) for one in changes]
        await self._keep(settled)
        for one in settled:
            self._schedule(one.place, one.after)

    async def _keep(self, changes: Sequence[_Change]) -> None:
        changed = [one for one in changes if one.after != one.before]
        if states := [StoredState(*one.place, _ENCODER.encode(one.after)) for one in changed]:
            self._table.stage(states)
            await self._table.put(states)
