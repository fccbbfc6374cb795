"""What is remembered of a customer's earlier events: contacts, tickets, orders, scores."""

import msgspec
from msgspec.structs import replace

from pipeline.detection.entry import DAY, Entry, EvidenceRef
from pipeline.model.contact import Pauses, continued, keeps_alive
from pipeline.model.event_types import EventType, Trait, types_with

CONTACTS = 20
"""Most contacts that are remembered of a customer."""
CONTACT_TOPICS = 5
"""Most topics that are remembered of a contact after its first."""
TICKETS = 20
"""Most closed tickets, and most promised orders, that are remembered of a customer."""

_RESOLVES = types_with(Trait.RESOLVES)
_REOPENS = types_with(Trait.REOPENS)


class Contact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One attempt to reach the company, in however many lines (`pipeline.model.contact`).

    `at` is when its last line came, `negative` whether any line is, `mark` the place of the last
    one with words, of the negative ones if there are any. `solved` once one of its topics was
    closed; those after the first are in `more`. `subjects` are the topics of its texts.
    """

    at: int
    channel: str
    topic: str
    negative: bool
    mark: EvidenceRef
    ticket_id: str = ""
    solved: bool = False
    # A contact of a version before ends here: what comes after it needs a default.
    more: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    def is_about(self, topic: str) -> bool:
        """Whether any of its lines is about the topic."""
        return topic in (self.topic, *self.more)


class Memory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What conditions need to know of earlier events; bounded.

    `closed` holds when each ticket was closed, `promised` when each order was to arrive.
    """

    contacts: tuple[Contact, ...] = ()
    closed: dict[str, int] = {}
    promised: dict[str, int] = {}
    good_score_at: int | None = None


def with_contact(memory: Memory, entry: Entry, at: int, pauses: Pauses) -> Memory:
    """Return the memory with the entry, if it is of a contact, and without contacts over 7 days."""
    kept = memory.contacts  # in the order of their last lines
    if kept and at - kept[0].at > 7 * DAY:
        kept = tuple(one for one in kept if at - one.at <= 7 * DAY)
    if entry.is_contact or (kept and keeps_alive(entry.type, entry.author_type)):
        pause = pauses.of(entry.channel)
        contact = continued(kept, at, entry.channel, entry.ticket_id, pause)
        if entry.is_contact:
            now: Contact | None = _with_line(contact, entry, at)
        else:
            now = contact and replace(contact, at=at)
        if now:
            kept = (*_others(kept, contact)[1 - CONTACTS :], now)
    return memory if kept is memory.contacts else replace(memory, contacts=kept)


def _others(contacts: tuple[Contact, ...], contact: Contact | None) -> tuple[Contact, ...]:
    if contact is None:
        return contacts
    if contact is contacts[-1]:
        return contacts[:-1]
    return tuple(one for one in contacts if one is not contact)


def _with_line(contact: Contact | None, entry: Entry, at: int) -> Contact:
    """Return the contact, a new one if it is None, after one more line."""
    negative, topic = entry.label == "negative", entry.topic
    if contact is None:
        place = (at, entry.channel, topic, negative, entry.mark(), entry.ticket_id)
        return Contact(*place, subjects=entry.subjects)
    more = contact.more
    if topic and contact.topic and not contact.is_about(topic):
        more = (*more[1 - CONTACT_TOPICS :], topic)
    tells_more = (negative or not contact.negative) and (entry.has_text or not contact.mark.end)
    return replace(
        contact,
        at=at,
        topic=contact.topic or topic,
        negative=contact.negative or negative,
        mark=entry.mark() if tells_more else contact.mark,
        ticket_id=entry.ticket_id or contact.ticket_id,
        more=more,
        subjects=tuple(dict.fromkeys((*contact.subjects, *entry.subjects))),
    )


def after(memory: Memory, entry: Entry, at: int) -> Memory:
    """Return the memory once the entry has had its effect on tickets, orders and scores."""
    if entry.good_score:
        memory = replace(memory, good_score_at=at)
    if entry.type in _RESOLVES:
        return replace(
            memory,
            closed=_remember(memory.closed, entry.ticket_id, at),
            contacts=tuple(_solved(one, entry) for one in memory.contacts),
        )
    if entry.type in _REOPENS and entry.ticket_id in memory.closed:
        closed = {key: when for key, when in memory.closed.items() if key != entry.ticket_id}
        return replace(memory, closed=closed)
    if entry.type == EventType.ORDER_DELAYED and entry.order_id in memory.promised:
        return memory  # late is what comes after the promise that was not kept
    if entry.order_id and entry.promised_at is not None:
        promised = _remember(memory.promised, entry.order_id, entry.promised_at)
        return replace(memory, promised=promised)
    return memory


def _solved(contact: Contact, entry: Entry) -> Contact:
    same = (entry.ticket_id and contact.ticket_id == entry.ticket_id) or (
        entry.topic and contact.is_about(entry.topic)
    )
    return replace(contact, solved=True) if same else contact


def _remember(times: dict[str, int], key: str, at: int) -> dict[str, int]:
    kept = {**{other: when for other, when in times.items() if other != key}, key: at}
    while len(kept) > TICKETS:
        del kept[next(iter(kept))]
    return kept
