"""Which messages to which channels are due when: pure, but for what it remembers.

It holds the states of the customers of whom something is still to be told. Nothing is due of a
state that is not durable: a worker that is given the changes again may be given more of them, and
then what was sent may not be what it would send.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from agents.runtime.state_store import StateKey
from pipeline.notify.case import Case, NotificationState
from pipeline.notify.due import Delivery, deliveries
from pipeline.notify.routes import RoutingTable


class PendingDelivery(NamedTuple):
    """A message about a customer's case, as the case is when the message is written."""

    customer: StateKey
    case: Case
    delivery: Delivery

    @property
    def slot(self) -> tuple[str, str]:
        """No two messages about an alert go to a channel at once."""
        return self.case.alert_id, self.delivery.channel


class Schedule:
    """When to look at which customer; `kept_alive` are channels that are told again what is open.

    A state is changed (`put`), being saved (from `unsaved` on) and then, once `saved`, scheduled; a
    delivery is due, being sent (from `due` on), and then `done`.
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
        """Return the state of a customer of whom something is to be told."""
        return self._states.get(customer)

    def restore(self, customer: StateKey, state: NotificationState) -> None:
        """Go on with a state that is durable, unless it is known."""
        self._states.setdefault(customer, state)
        self._plan(customer)

    def put(self, customer: StateKey, state: NotificationState) -> None:
        """Take a state that has changed; nothing of it is due until it is saved."""
        self._states[customer] = state
        self._changed.add(customer)
        self._plan(customer)

    def unsaved(self) -> dict[StateKey, NotificationState]:
        """Return the states that have changed, which are being saved from now on."""
        self._saving, self._changed = self._changed, set()
        return {customer: self._states[customer] for customer in self._saving}

    def saved(self) -> None:
        """Schedule the states that were being saved."""
        customers, self._saving = self._saving, set()
        for customer in customers:
            self._plan(customer)

    def due(self, now: datetime) -> list[PendingDelivery]:
        """Return what is due by now; it is being sent from now on."""
        found = []
        for customer in [customer for customer, at in self._due_at.items() if at <= now]:
            for pending in self._pending(customer):
                if pending.delivery.at <= now:
                    self._sending.add(pending.slot)
                    found.append(pending)
            self._plan(customer)
        return found

    def done(self, pending: PendingDelivery) -> None:
        """Note that a delivery is no longer being sent; what came of it is `put`."""
        self._sending.discard(pending.slot)

    def open_in(self, channel: str) -> Iterator[Case]:
        """Yield the cases that a channel, which is kept alive, holds open."""
        for state in self._states.values():
            yield from (case for case in state.cases if _is_open_in(case, channel))

    def clear(self) -> None:
        """Forget all: the partitions go to another worker."""
        self._states.clear()
        self._due_at.clear()
        for remembered in (self._changed, self._saving, self._sending):
            remembered.clear()

    def _pending(self, customer: StateKey) -> Iterator[PendingDelivery]:
        """Yield what will be sent next about a customer, less what is being sent."""
        for case in self._states[customer].cases:
            for delivery in deliveries(case, self._routes, self._channels):
                pending = PendingDelivery(customer, case, delivery)
                if pending.slot not in self._sending:
                    yield pending

    def _plan(self, customer: StateKey) -> None:
        """Note when to look at a customer again; evict one of whom nothing is still to be told."""
        self._due_at.pop(customer, None)
        if customer not in self._states or customer in self._changed or customer in self._saving:
            return
        if times := [pending.delivery.at for pending in self._pending(customer)]:
            self._due_at[customer] = min(times)
        elif not any(map(self._is_in_use, self._states[customer].cases)):
            del self._states[customer]

    def _is_in_use(self, case: Case) -> bool:
        return any((case.alert_id, channel) in self._sending for channel in self._channels) or any(
            _is_open_in(case, channel) for channel in self._kept_alive
        )


def _is_open_in(case: Case, channel: str) -> bool:
    told = case.told_to(channel)
    return bool(case.alert and told and not told.ended)
