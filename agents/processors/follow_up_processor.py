"""Computes follow-ups and cases, stores them durably, and then publishes the changed ones.

A state is durable before what follows from it is published, and records whether that was confirmed:
after a kill in between, it is published again under the same id and revision.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.common import metrics
from pipeline.common.event_clock import EventClock
from pipeline.follow_up.case import CaseEvent
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.state import (
    FollowUpState,
    ReceivedChange,
    advance,
    apply_changes,
    published,
)
from pipeline.follow_up.value import FollowUpEvent

TOGETHER = 500
"""Most customers whose deadlines are applied at once."""
_AT_ONCE = datetime.min.replace(tzinfo=UTC)

_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(FollowUpState)

Publish = Callable[[Sequence[FollowUpEvent | CaseEvent]], Awaitable[object]]


class _Change(NamedTuple):
    key: StateKey
    before: FollowUpState
    after: FollowUpState


class FollowUpProcessor:
    """Computes and publishes follow-ups and cases.

    In memory it holds only each customer's next deadline.
    """

    def __init__(
        self, sla: Sla, table: Table, publish: Publish, wall: Callable[[], datetime]
    ) -> None:
        self._sla, self._table, self._publish, self._wall = sla, table, publish, wall
        self._clock = EventClock()
        self._next: dict[StateKey, datetime] = {}
        self._turn = asyncio.Lock()

    async def process(self, arrivals: Mapping[StateKey, Sequence[ReceivedChange]]) -> None:
        """Apply changes and actions; return once states and events are confirmed."""
        async with self._turn:
            changes = []
            for key, mine in arrivals.items():
                before = self._customer(key)
                changes.append(_Change(key, before, apply_changes(before, mine, self._sla)))
                for arrival in mine:
                    self._clock.observe(arrival.received_at - arrival.happened_at)
            await self._commit(changes)

    async def advance(self) -> None:
        """Apply the deadlines that have passed, one after the other."""
        async with self._turn:
            while (now := self._clock.at(self._wall())) and (due := self._due(now)):
                changes = []
                for key in due:
                    before = self._customer(key)
                    changes.append(_Change(key, before, advance(before, self._sla, now)))
                await self._commit(changes)

    async def restore(self) -> None:
        """Load the stored states after partitions were assigned to this worker."""
        async with self._turn:
            self._next.clear()
            for key, state in self._table.all():
                customer = _DECODER.decode(state)
                self._clock.observe(timedelta(seconds=customer.lag))
                self._schedule(key, customer)

    async def release(self) -> None:
        """Finish pending work and forget the states, before another worker takes the partitions."""
        async with self._turn:
            self._next.clear()

    def _customer(self, key: StateKey) -> FollowUpState:
        state = self._table.get(*key)
        return _DECODER.decode(state) if state else FollowUpState()

    def _due(self, now: datetime) -> list[StateKey]:
        return [key for key, at in self._next.items() if at <= now][:TOGETHER]

    def _schedule(self, key: StateKey, customer: FollowUpState) -> None:
        self._next.pop(key, None)
        if at := _AT_ONCE if customer.due or customer.lacks_case else customer.next_at:
            self._next[key] = at

    async def _commit(self, changes: Sequence[_Change]) -> None:
        """Store changed states, publish what is due, and record its confirmation."""
        await self._keep(changes)
        if events := [event for change in changes for event in change.after.due]:
            await self._publish(events)
            for event in events:
                counter = metrics.CASES if isinstance(event, CaseEvent) else metrics.FOLLOW_UPS
                counter.labels(event.type.rpartition(".")[2]).inc()
        noted = [_Change(key, after, published(after)) for key, _, after in changes]
        await self._keep(noted)
        for key, _, after in noted:
            self._schedule(key, after)

    async def _keep(self, changes: Sequence[_Change]) -> None:
        changed = [(key, after) for key, before, after in changes if after != before]
        if states := [StoredState(*key, _ENCODER.encode(after)) for key, after in changed]:
            self._table.stage(states)
            await self._table.commit(states)
