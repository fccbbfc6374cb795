"""notify: changes of cases and their alerts in, messages to people out.

A batch is acknowledged once the states are durable, before its messages are sent: due messages
follow from the state, so that the notifier sends them after a crash as well.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from agents.processors.notifier import Notifier
from agents.runtime.app import App
from agents.runtime.component import Component, Effect
from agents.runtime.grouping import Grouped, group_by_customer
from agents.runtime.messages import Message, read_alert, read_case, send_dead_letters
from agents.runtime.state_store import StateStore, partitions_of_states
from pipeline.channels.open import open_channels
from pipeline.config.settings import Settings
from pipeline.contracts.topology import ALERTS, CASES
from pipeline.notify.routes import load_routing_table
from pipeline.notify.thread import Change

LOOK_EVERY, KEEP_ALIVE_EVERY = 1.0, 60.0
"""Seconds between checks for due messages, and between renewals of open alerts."""

_READERS: Mapping[str, Callable[[Message], Change]] = {
    ALERTS: read_alert,
    CASES: read_case,
}


class Notify(Component):
    """Records the messages that each channel confirmed, and sends those that are due."""

    role = "notify"

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._routes = load_routing_table(settings.notify.routes, settings.calendar.file)
        self._channels = open_channels(settings.notify)
        self._partitions = partitions_of_states(settings, self.role)

    def start(self, app: App) -> None:
        """Create the notifier, and send due messages every second."""
        super().start(app)
        states = StateStore(app, "customers", self._partitions)
        now = partial(datetime.now, UTC)
        self._notifier = Notifier(self._routes, self._channels, states, self.settings.notify, now)
        app.every(LOOK_EVERY, self._send_due)
        app.every(KEEP_ALIVE_EVERY, self._notifier.keep_alive)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Group changes by customer."""
        partitions = self._partitions
        batch = await asyncio.to_thread(group_by_customer, messages, _READERS, partitions)
        return self._make_durable(batch)

    async def assigned(self) -> None:
        """Restore the stored states."""
        self._notifier.restore()
        self._notifier.send_due()

    async def revoked(self) -> None:
        """Finish deliveries in progress, and forget the states."""
        await self._notifier.release()

    async def stop(self) -> None:
        """Finish deliveries in progress."""
        await self._notifier.release()
        for channel in self._channels.values():
            await channel.close()

    async def _make_durable(self, batch: Grouped[Change]) -> None:
        await send_dead_letters(self.app, batch.dead)
        await self._notifier.process(batch.changes)

    async def _send_due(self) -> None:
        self._notifier.send_due()
