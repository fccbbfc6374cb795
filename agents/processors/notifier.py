"""Sends due messages to the channels, and records their confirmations.

A customer's state records the messages that each channel confirmed; the due ones are computed from
it, so nothing else is stored. Each channel sends a few messages at a time, in tasks of its own: a
slow or failing channel delays neither the others nor the reading of topics.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog

from agents.processors.channel_sender import ChannelSender
from agents.processors.schedule import PendingDelivery, Schedule
from agents.runtime.crash import crashing
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.channels.channel import Channel, ChannelAway, ChannelRefused, KeptAlive
from pipeline.common import metrics
from pipeline.config.groups import NotifySettings
from pipeline.notify.due import Delivery, with_failure, with_receipt
from pipeline.notify.fold import fold
from pipeline.notify.messages import Notification, render, render_digest
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import Change, NotificationState, Thread

log = structlog.get_logger(__name__)

_DECODER = msgspec.json.Decoder(NotificationState)


class Notifier:
    """Folds changes into customers' states, and sends due messages."""

    def __init__(
        self,
        routes: RoutingTable,
        channels: Mapping[str, Channel],
        table: Table,
        settings: NotifySettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._routes, self._table, self._clock = routes, table, clock
        self._timeout, self._board = settings.timeout, settings.board.rstrip("/")
        self._kept_alive = {
            name: channel for name, channel in channels.items() if isinstance(channel, KeptAlive)
        }
        self._schedule = Schedule(routes, channels.keys(), self._kept_alive.keys())
        self._tasks: set[asyncio.Task[None]] = set()
        self._saving = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._senders = {
            name: ChannelSender(name, channel, settings.retry_seconds, clock, self._stopping)
            for name, channel in channels.items()
        }

    async def process(self, changes: Mapping[StateKey, Sequence[Change]]) -> None:
        """Apply changes; return once the states are durable, whether or not messages were sent."""
        now = self._clock()
        for customer, mine in changes.items():
            before = self._state(customer)
            after = fold(before, mine, self._routes, now)
            if after != before:
                _count_unreachable(before, after, self._senders.keys())
                self._schedule.put(customer, after)
        await self._save()
        self.send_due()

    def restore(self) -> None:
        """Load the stored states after partitions were assigned to this worker."""
        self._stopping.clear()
        for key, state in self._table.all():
            self._schedule.restore(key, _DECODER.decode(state))

    def send_due(self) -> None:
        """Start sending due messages; those held back are combined into one digest per channel."""
        if self._stopping.is_set():
            return
        held: defaultdict[str, list[PendingDelivery]] = defaultdict(list)
        for pending in self._schedule.due(self._clock()):
            channel = pending.delivery.channel
            if pending.delivery.digest and self._senders[channel].channel.digests:
                held[channel].append(pending)
            else:
                self._begin([pending], self._render(pending.thread, pending.delivery))
        for together in held.values():
            held_back = [(pending.thread, pending.delivery) for pending in together]
            self._begin(together, render_digest(held_back, self._routes.language, self._board))

    async def keep_alive(self) -> None:
        """Send open alerts again to channels that would otherwise let them expire."""
        now = self._clock()
        for name, channel in self._kept_alive.items():
            messages = [
                self._render(thread, Delivery("", name, "updated", now, digest=False))
                for thread in self._schedule.open_in(name)
            ]
            try:
                await channel.keep_alive(messages, now)
            except (ChannelAway, ChannelRefused) as error:
                metrics.NOTIFICATIONS.labels(name, "not_kept_alive").inc()
                log.warning("cannot keep alerts alive", channel=name, error=str(error))

    async def release(self) -> None:
        """Finish and record deliveries in progress, start no others, and forget the states.

        Called before partitions go to another worker, which sends unfinished messages again under
        the same id.
        """
        self._stopping.set()
        if self._tasks:
            _, slow = await asyncio.wait(self._tasks, timeout=self._timeout)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        self._schedule.clear()

    async def idle(self) -> None:
        """Return once no delivery is in progress."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _state(self, customer: StateKey) -> NotificationState:
        if known := self._schedule.get(customer):
            return known
        stored = self._table.get(*customer)
        return _DECODER.decode(stored) if stored else NotificationState()

    async def _save(self) -> None:
        """Store changed states durably, in the order of the changes."""
        async with self._saving:
            states = [
                StoredState(*customer, msgspec.json.encode(state))
                for customer, state in self._schedule.unsaved().items()
            ]
            if states:
                self._table.stage(states)
                await self._table.commit(states)
            self._schedule.saved()

    def _render(self, thread: Thread, delivery: Delivery) -> Notification:
        return render(thread, delivery, self._routes.language, self._board)

    def _begin(self, pending: Sequence[PendingDelivery], message: Notification) -> None:
        task = asyncio.create_task(self._send(pending, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, together: Sequence[PendingDelivery], message: Notification) -> None:
        with crashing():
            channel = together[0].delivery.channel
            outcome = await self._senders[channel].send(message)
            if outcome == "refused" and len(together) > 1:  # one of them may be why
                for pending in together:
                    self._begin([pending], self._render(pending.thread, pending.delivery))
                return
            now = self._clock()
            for pending in together:
                self._schedule.done(pending)
                state = self._state(pending.customer)
                thread = state.thread(pending.thread.id)
                if thread is None or outcome is None:
                    continue
                if outcome == "sent":
                    after = with_receipt(thread, pending.delivery, pending.thread, now)
                else:
                    refused = outcome == "refused"
                    after = with_failure(thread, channel, pending.thread, now, refused=refused)
                self._schedule.put(pending.customer, state.having(after))
            await self._save()
            self.send_due()


def _count_unreachable(
    before: NotificationState, after: NotificationState, channels: Collection[str]
) -> None:
    """Count cases none of whose channels has an address."""
    for thread in after.threads:
        known = before.thread(thread.id)
        if not thread.alert or (known and known.alert):
            continue
        named = {channel for chain in thread.chains for channel in chain.channels}
        if not named & {*channels}:
            metrics.NOTIFICATIONS.labels("none", "not_configured").inc()
