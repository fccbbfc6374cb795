"""The schedule of due messages: memory only, no input or output.

It holds the states of customers with pending messages. No message is due before its state is
durable: a worker that receives the changes again may receive more of them at once, and would then
send another message than the one that was sent.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from agents.runtime.state_store import StateKey
from pipeline.notify.due import Delivery, deliveries
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import NotificationState, Thread


class PendingDelivery(NamedTuple):
    """A pending message of a customer's thread, rendered from the thread when it is sent."""

    customer: StateKey
    thread: Thread
    delivery: Delivery

    @property
    def slot(self) -> tuple[str, str]:
        """The thread and channel; messages with the same slot are sent one after the other."""
        return self.thread.id, self.delivery.channel


class Schedule:
    """The next due time of each customer; `kept_alive` are channels that need open cases repeated.

    A state changes (`put`), is being saved (from `unsaved` on) and, once `saved`, is scheduled; a
    delivery is due, is being sent (from `due` on), and then `done`.
    """

    def __init__(
        self, routes: RoutingTable, channels: Collection[str], kept_alive: Collection[str]
    ) -> None:
        self._routes, self._channels, self._kept_alive = routes, channels, kept_alive
        self._states: dict[StateKey, NotificationState] = {}
        self._due_at: dict[StateKey, datetime] = {}
        self._changed: set[StateKey] = set()
        self._saving: set[StateKey] = set()
        self._sending: set[tuple[str, str]] = set()

    def get(self, customer: StateKey) -> NotificationState | None:
        """Return the state of a customer with pending messages, or None."""
        return self._states.get(customer)

    def restore(self, customer: StateKey, state: NotificationState) -> None:
        """Schedule a durable state, unless the customer is known."""
        self._states.setdefault(customer, state)
        self._plan(customer)

    def put(self, customer: StateKey, state: NotificationState) -> None:
        """Replace a state; none of its messages is due until it is saved."""
        self._states[customer] = state
        self._changed.add(customer)
        self._plan(customer)

    def unsaved(self) -> dict[StateKey, NotificationState]:
        """Return the changed states, which count as being saved from now on."""
        self._saving, self._changed = self._changed, set()
        return {customer: self._states[customer] for customer in self._saving}

    def saved(self) -> None:
        """Schedule the states that were being saved."""
        customers, self._saving = self._saving, set()
        for customer in customers:
            self._plan(customer)

    def due(self, now: datetime) -> list[PendingDelivery]:
        """Return the deliveries due by now, which count as being sent from now on."""
        found = []
        for customer in [customer for customer, at in self._due_at.items() if at <= now]:
            for pending in self._pending(customer):
                if pending.delivery.at <= now:
                    self._sending.add(pending.slot)
                    found.append(pending)
            self._plan(customer)
        return found

    def done(self, pending: PendingDelivery) -> None:
        """Note that a delivery has ended; its outcome is `put`."""
        self._sending.discard(pending.slot)

    def open_in(self, channel: str) -> Iterator[Thread]:
        """Yield the open cases of a channel that is kept alive."""
        for state in self._states.values():
            yield from (thread for thread in state.threads if _is_open_in(thread, channel))

    def clear(self) -> None:
        """Forget all states: the partitions go to another worker."""
        self._states.clear()
        self._due_at.clear()
        for remembered in (self._changed, self._saving, self._sending):
            remembered.clear()

    def _pending(self, customer: StateKey) -> Iterator[PendingDelivery]:
        """Yield the next deliveries of a customer, except those in progress."""
        for thread in self._states[customer].threads:
            for delivery in deliveries(thread, self._routes, self._channels):
                pending = PendingDelivery(customer, thread, delivery)
                if pending.slot not in self._sending:
                    yield pending

    def _plan(self, customer: StateKey) -> None:
        """Schedule the next check of a customer; evict one without pending messages."""
        self._due_at.pop(customer, None)
        if customer not in self._states or customer in self._changed or customer in self._saving:
            return
        if times := [pending.delivery.at for pending in self._pending(customer)]:
            self._due_at[customer] = min(times)
        elif not any(map(self._is_in_use, self._states[customer].threads)):
            del self._states[customer]

    def _is_in_use(self, thread: Thread) -> bool:
        return any((thread.id, channel) in self._sending for channel in self._channels) or any(
            _is_open_in(thread, channel) for channel in self._kept_alive
        )


def _is_open_in(thread: Thread, channel: str) -> bool:
    told = thread.told_to(channel)
    return bool(thread.alert and told and not told.ended)
