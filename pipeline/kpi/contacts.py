"""Groups the events of a customer into contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.common.epoch_micros import to_micros
from pipeline.common.names import folded
from pipeline.kpi.steps import Step
from pipeline.model.contact import (
    Pauses,
    continued,
    is_assisted,
    is_contact,
    keeps_alive,
)
from pipeline.model.event_types import Trait, types_with

_RESOLVES = types_with(Trait.RESOLVES)


@dataclass
class Contact:
    """A contact so far: the times of its first and last line, and the topics of its lines.

    `channel` is folded. `assisted`: it asked for an employee.
    """

    began_at: datetime
    at: int
    channel: str
    ticket_id: str
    topics: set[str]
    assisted: bool = False
    solved: bool = False

    def is_about(self, subject: Step) -> bool:
        """Whether it is about a step's touchpoint; a line without one is about its ticket."""
        return subject.topic in self.topics or (
            "" in self.topics and self.ticket_id == subject.ticket_id != ""
        )


def contacts_of(journey: Sequence[Step], pauses: Pauses) -> list[Contact]:
    """Return the contacts of a customer, ordered by their first lines."""
    contacts: list[Contact] = []
    alive: list[Contact] = []
    longest = pauses.longest
    for step in journey:
        at = to_micros(step.at)
        if step.type in _RESOLVES:
            for contact in alive:
                contact.solved |= bool(
                    (step.ticket_id and contact.ticket_id == step.ticket_id)
                    or (step.topic and step.topic in contact.topics)
                )
        assisted = is_assisted(step.type, step.author_type, step.channel, thanks=step.thanks)
        begins = assisted or is_contact(step.type, step.author_type, thanks=step.thanks)
        if not (begins or keeps_alive(step.type, step.author_type)):
            continue
        current = continued(alive, at, step.type, step.channel, step.ticket_id, pauses)
        if current is None:
            if not begins:
                continue
            current = Contact(step.at, at, folded(step.channel), step.ticket_id, set())
            contacts.append(current)
        current.at = at
        if begins:
            current.ticket_id = step.ticket_id or current.ticket_id
            current.topics.add(step.topic)
            current.assisted |= assisted
        alive = [
            *(other for other in alive if other is not current and at - other.at < longest),
            current,
        ]
    return contacts
