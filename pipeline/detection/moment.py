"""The customer at the time of an event: what the fields of conditions are taken from."""

import math
from typing import NamedTuple

from pipeline.detection.came import has_come
from pipeline.detection.conversation import EMPTY, Conversation
from pipeline.detection.entry import DAY, HOUR, LogEntry
from pipeline.detection.memory import Contact, Memory
from pipeline.detection.routine import HabitNews
from pipeline.model.event_types import EventType


class Moment(NamedTuple):
    """The customer at the time of an event; `memory` is from before it but has this contact.

    `habit` is what the end of a day says of one. `conversation` is how the one goes that the event
    is a turn of; the empty one if of none.
    """

    entry: LogEntry
    at: int
    memory: Memory
    open_alerts: tuple[str, ...]
    risk: float
    risk_threshold: float
    conversation: Conversation = EMPTY
    habit: HabitNews | None = None
    grave_alert: bool = False

    def with_risk(self, risk: float, *, grave_alert: bool) -> "Moment":
        """Return the moment with what rules have made of it."""
        entry, at, memory, open_alerts, _, threshold, conversation, habit, _ = self
        # Not by `_replace`, which takes longer than all rules that read the risk.
        return Moment(
            entry, at, memory, open_alerts, risk, threshold, conversation, habit, grave_alert
        )

    def contacts_within(self, span: int) -> list[Contact]:
        """Return the contacts of the last `span` microseconds."""
        start = self.at - span
        return [contact for contact in self.memory.contacts if contact.at > start]

    def unsolved_on_topic(self) -> list[Contact]:
        """Return the unsolved contacts of 7 days on this event's topic, if it is a contact."""
        topic = self.entry.topic
        if not topic or not self.entry.is_contact:
            return []
        return [
            contact
            for contact in self.memory.contacts
            if not contact.solved and contact.is_about(topic)
        ]

    def cited(self, field: str) -> list[Contact]:
        """Return the contacts that a field counts: the evidence of a rule that reads it."""
        match field:
            case "customer.topic_contacts_7d":
                return self.unsolved_on_topic()
            case "customer.contacts_24h" | "customer.channels_24h":
                return self.contacts_within(DAY)
            case "customer.negatives_7d":
                return [contact for contact in self.contacts_within(7 * DAY) if contact.negative]
        return []

    def hours_since(self, at: int | None) -> float:
        """Return the hours from `at` until this event; infinite if `at` is None."""
        return math.inf if at is None else (self.at - at) / HOUR

    def closed_at(self) -> int | None:
        """Return when this event's ticket was closed; without a ticket, when any last was."""
        closed = self.memory.closed
        if self.entry.ticket_id:
            return closed.get(self.entry.ticket_id)
        return max(closed.values(), default=None)

    def overdue(self) -> tuple[str, ...]:
        """Return the kinds of what is overdue and does not come by this event."""
        return self._late(comes=False)

    def made_good(self) -> tuple[str, ...]:
        """Return the kinds of what was overdue and comes by this event."""
        return self._late(comes=True)

    def _late(self, *, comes: bool) -> tuple[str, ...]:
        late = [wait for wait in self.memory.waits if wait.is_overdue]
        return tuple([wait.kind for wait in late if has_come(wait, self.entry) == comes])

    def leaves(self) -> bool:
        """Return whether the customer leaves by this event."""
        before = self.memory.standing
        return not before.gone and self.memory.standing_after(self.entry).gone

    def hours_late(self) -> float:
        """Return the hours from the promised to the actual or new delivery, 0 for other events."""
        entry, arrives = self.entry, self.at
        if not entry.order_id and entry.promised_at is None:
            return 0.0
        promised = self.memory.promised.get(entry.order_id)
        if entry.type == EventType.ORDER_DELAYED:
            arrives = entry.promised_at or arrives
        elif entry.type == EventType.ORDER_DELIVERED:
            promised = entry.promised_at or promised
        else:
            return 0.0
        return max(0.0, (arrives - promised) / HOUR) if promised is not None else 0.0
