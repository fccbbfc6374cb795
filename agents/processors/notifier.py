"""The outbox of `notify`: what is due goes to the channels, what they confirmed is kept.

The state of a customer says what each channel was told, so nothing else need be remembered: what
is due is worked out from it. A channel works on a few messages at a time, in tasks of its own: one
that is slow or down holds up neither the others nor the reading of topics.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import structlog

from agents.processors.channel_sender import ChannelSender
from agents.runtime.crash import crashing
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.channels.alertmanager import Alertmanager
from pipeline.channels.channel import Channel, ChannelAway, ChannelRefused
from pipeline.common import metrics
from pipeline.config.groups import NotifySettings
from pipeline.notify.case import Case, Change, NotificationState, fold
from pipeline.notify.due import Delivery, deliveries, failed, taken
from pipeline.notify.messages import Notification, render, render_digest
from pipeline.notify.routes import RoutingTable

log = structlog.get_logger(__name__)

_DECODER = msgspec.json.Decoder(NotificationState)


class PendingDelivery(NamedTuple):
    """A message that is on its way: the case as it was when the message was written."""

    place: StateKey
    case: Case
    delivery: Delivery

    @property
    def key(self) -> tuple[str, str]:
        """No two messages about an alert go to a channel at once."""
        return self.case.alert_id, self.delivery.channel


class Notifier:
    """Folds changes into the customers' states, and sends what is due."""

    def __init__(
        self,
        desk: RoutingTable,
        channels: Mapping[str, Channel],
        table: Table,
        settings: NotifySettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._desk = desk
        self._channels = channels
        self._table = table
        self._settings = settings
        self._clock = clock
        self._customers: dict[StateKey, NotificationState] = {}  # those that something will come of
        self._due: dict[StateKey, datetime] = {}
        self._changed: set[StateKey] = set()
        self._storing: set[StateKey] = set()
        self._busy: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._saving = asyncio.Lock()
        self._settling = asyncio.Event()
        self._lines = {
            name: ChannelSender(name, channel, settings.retry_seconds, clock, self._settling)
            for name, channel in channels.items()
        }

    async def process(self, changes: Mapping[StateKey, Sequence[Change]]) -> None:
        """Take in changes; return when the states are durable. Nothing need have been sent."""
        now = self._clock()
        for place, mine in changes.items():
            before = self._customer(place)
            after = fold(before, mine, self._desk, now)
            if after != before:
                self._count_unreachable(before, after)
                self._note(place, after)
        await self._save()
        self.send_due()

    def restore(self) -> None:
        """Go on with the states that are kept, after partitions were given to this worker."""
        self._settling.clear()
        for partition, customer_id, state in self._table.all():
            place = StateKey(partition, customer_id)
            self._customers.setdefault(place, _DECODER.decode(state))
            self._schedule(place)

    def send_due(self) -> None:
        """Send what is due by now."""
        now = self._clock()
        if self._settling.is_set():
            return
        held: defaultdict[str, list[PendingDelivery]] = defaultdict(list)
        for place in [place for place, at in self._due.items() if at <= now]:
            for errand in self._errands(place):
                if errand.delivery.at > now:
                    continue
                self._busy.add(errand.key)
                channel = errand.delivery.channel
                if errand.delivery.digest and self._channels[channel].digests:
                    held[channel].append(errand)
                else:
                    self._start([errand], self._render(errand.case, errand.delivery))
            self._schedule(place)
        for together in held.values():
            cases = [(one.case, one.delivery) for one in together]
            message = render_digest(cases, self._desk.language, self._settings.board.rstrip("/"))
            self._start(together, message)

    async def keep_alive(self) -> None:
        """Tell each Alertmanager again what is open, so that it does not end there by itself."""
        now = self._clock()
        for name, channel in self._channels.items():
            if not isinstance(channel, Alertmanager):
                continue
            messages = [
                self._render(case, Delivery("", name, "updated", now, digest=False))
                for customer in self._customers.values()
                for case in customer.cases
                if _lives_in(case, name)
            ]
            try:
                await channel.keep(messages, now)
            except (ChannelAway, ChannelRefused) as error:
                metrics.NOTIFICATIONS.labels(name, "not_kept_alive").inc()
                log.warning("cannot keep alerts alive", channel=name, error=str(error))

    async def release(self) -> None:
        """Let what is being sent be sent and kept; start nothing more, and forget the states.

        For the moment before partitions go to another worker. What does not end in time is sent
        again by that one, under the same id.
        """
        self._settling.set()
        if self._tasks:
            _, slow = await asyncio.wait(self._tasks, timeout=self._settings.timeout)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        self._customers.clear()
        self._due.clear()
        self._busy.clear()

    async def idle(self) -> None:
        """Return when nothing is being sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _customer(self, place: StateKey) -> NotificationState:
        if known := self._customers.get(place):
            return known
        stored = self._table.get(*place)
        return _DECODER.decode(stored) if stored else NotificationState()

    def _note(self, place: StateKey, customer: NotificationState) -> None:
        self._customers[place] = customer
        self._changed.add(place)
        self._schedule(place)

    def _errands(self, place: StateKey) -> Iterator[PendingDelivery]:
        """Yield what will be sent next about a customer, less what is being sent."""
        for case in self._customers[place].cases:
            for delivery in deliveries(case, self._desk, self._channels.keys()):
                errand = PendingDelivery(place, case, delivery)
                if errand.key not in self._busy:
                    yield errand

    def _schedule(self, place: StateKey) -> None:
        """Note when to look at a customer again; one of whom nothing will come is let go.

        Nothing is due of a state that is not durable: a worker that is given the changes again may
        be given more of them, and then what was sent may not be what it would send.
        """
        self._due.pop(place, None)
        if place in self._changed or place in self._storing:
            return
        if moments := [errand.delivery.at for errand in self._errands(place)]:
            self._due[place] = min(moments)
            return
        cases = self._customers[place].cases
        needed = any(
            (case.alert_id, name) in self._busy or self._is_kept_alive(case, name)
            for case in cases
            for name in self._channels
        )
        if not needed:
            del self._customers[place]

    def _is_kept_alive(self, case: Case, channel: str) -> bool:
        return isinstance(self._channels[channel], Alertmanager) and _lives_in(case, channel)

    async def _save(self) -> None:
        """Make durable what has changed, in the order of the changes."""
        async with self._saving:
            self._storing, self._changed = self._changed, set()
            states = [
                StoredState(place.partition, place.customer_id, msgspec.json.encode(customer))
                for place in self._storing
                if (customer := self._customers.get(place)) is not None
            ]
            if states:
                self._table.stage(states)
                await self._table.commit(states)
            stored, self._storing = self._storing, set()
        for place in stored & self._customers.keys():
            self._schedule(place)

    def _render(self, case: Case, delivery: Delivery) -> Notification:
        return render(case, delivery, self._desk.language, self._settings.board.rstrip("/"))

    def _start(self, errands: Sequence[PendingDelivery], message: Notification) -> None:
        task = asyncio.create_task(self._run(errands, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, errands: Sequence[PendingDelivery], message: Notification) -> None:
        with crashing():
            name = errands[0].delivery.channel
            outcome = await self._lines[name].send(message)
            if outcome == "refused" and len(errands) > 1:  # one of them may be why
                for errand in errands:
                    self._start([errand], self._render(errand.case, errand.delivery))
                return
            now = self._clock()
            for place, case, delivery in errands:
                self._busy.discard((case.alert_id, name))
                customer = self._customer(place)
                current = customer.case(case.alert_id)
                if current is None or outcome is None:
                    continue
                if outcome == "sent":
                    after = taken(current, delivery, case, now)
                else:
                    after = failed(current, name, case, now, refused=outcome == "refused")
                self._note(place, customer.having(after))
            await self._save()
            self.send_due()

    def _count_unreachable(self, before: NotificationState, after: NotificationState) -> None:
        """Count alerts that no channel of theirs will tell of."""
        for case in after.cases:
            known = before.case(case.alert_id)
            if not case.alert or (known and known.alert):
                continue
            named = {channel for chain in case.chains for channel in chain.channels}
            if not named & self._channels.keys():
                metrics.NOTIFICATIONS.labels("none", "not_configured").inc()


def _lives_in(case: Case, channel: str) -> bool:
    """Whether an Alertmanager holds the alert open."""
    told = case.told_to(channel)
    return bool(case.alert and told and not told.ended)
