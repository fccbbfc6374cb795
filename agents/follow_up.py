"""follow_up: alerts and the actions on them in, follow-ups and the cases of customers out.

It owns the life of an alert once it is open: SLAs end and escalate here, in event time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import msgspec

from agents.processors.follow_up_processor import FollowUpProcessor
from agents.runtime.app import App
from agents.runtime.component import Component, Effect
from agents.runtime.grouping import Grouped, group_by_customer
from agents.runtime.messages import (
    CLOUDEVENT,
    Message,
    Outgoing,
    read_action,
    read_alert,
    send,
    send_dead_letters,
)
from agents.runtime.state_store import StateStore, partitions_of_states
from pipeline.access.known_people import known_people
from pipeline.config.settings import Settings
from pipeline.contracts.topology import ACTIONS, ALERTS, CASES, FOLLOW_UPS
from pipeline.follow_up.case import CaseEvent
from pipeline.follow_up.sla import load_sla
from pipeline.follow_up.state import ReceivedChange
from pipeline.follow_up.value import FollowUpEvent

LOOK_EVERY = 1.0
"""Seconds between checks for deadlines that have passed."""

_ENCODER = msgspec.json.Encoder()


class FollowUp(Component):
    """Computes the follow-up of each alert and the case of each customer; publishes changes."""

    role = "follow_up"

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._sla = load_sla(settings.followup.sla, settings.calendar.file)
        self._partitions = partitions_of_states(settings, self.role)
        knows = known_people(settings.access)
        self._readers: Mapping[str, Callable[[Message], ReceivedChange]] = {
            ALERTS: lambda message: ReceivedChange(read_alert(message), message.received_at),
            ACTIONS: lambda message: ReceivedChange(
                read_action(message, knows), message.received_at
            ),
        }

    def start(self, app: App) -> None:
        """Create the processor, and apply deadlines that have passed every second."""
        super().start(app)
        states = StateStore(app, "customers", self._partitions)
        now = partial(datetime.now, UTC)
        self._processor = FollowUpProcessor(self._sla, states, self._publish, now)
        app.every(LOOK_EVERY, self._processor.advance)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Group changes and actions by customer."""
        readers, partitions = self._readers, self._partitions
        batch = await asyncio.to_thread(group_by_customer, messages, readers, partitions)
        return self._make_durable(batch)

    async def assigned(self) -> None:
        """Restore the stored states."""
        await self._processor.restore()

    async def revoked(self) -> None:
        """Finish pending work, and forget the states."""
        await self._processor.release()

    async def _make_durable(self, batch: Grouped[ReceivedChange]) -> None:
        await send_dead_letters(self.app, batch.dead)
        await self._processor.process(batch.changes)

    async def _publish(self, events: Sequence[FollowUpEvent | CaseEvent]) -> None:
        await send(self.app, [outgoing(event) for event in events])


def outgoing(event: FollowUpEvent | CaseEvent) -> Outgoing:
    """Return the message that carries a follow-up or a case, keyed by customer."""
    topic = CASES if isinstance(event, CaseEvent) else FOLLOW_UPS
    return Outgoing(topic, event.subject.encode(), _ENCODER.encode(event), CLOUDEVENT)
