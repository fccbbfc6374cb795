"""The memory of a customer's earlier events: contacts, tickets, orders, scores."""

import msgspec
from msgspec.structs import replace

from pipeline.common.names import folded
from pipeline.detection.conversation import EMPTY, Conversation, with_turn
from pipeline.detection.entry import DAY, LogEntry
from pipeline.detection.habits.habit import Habit
from pipeline.detection.routine import HabitNews, end_of, fed, judged_day, looks_again
from pipeline.detection.said import Said, remembering
from pipeline.detection.spans import EvidenceRef
from pipeline.detection.tells import INTERNAL
from pipeline.detection.wait import Wait, habit_key, habit_of
from pipeline.detection.waits import UNKNOWN, Overdue, Talk, Terms, judged, waits_after
from pipeline.model.contact import Pauses, continued, keeps_alive, topic_of
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType, Trait, types_with
from pipeline.model.leaving import Standing, standing_after

CONTACTS = 20
"""Maximum number of remembered contacts."""
CHANNELS = 8
"""Maximum number of remembered channels on which the company has answered."""
CONTACT_TOPICS = 5
"""Maximum number of remembered topics of a contact after its first."""
TICKETS = 20
"""Maximum number each of remembered closed tickets and promised orders."""

_RESOLVES = types_with(Trait.RESOLVES)
_REOPENS = types_with(Trait.REOPENS)
_SPEAKS = types_with(Trait.LINE | Trait.CONTACT)
_SUBSCRIBES = types_with(Trait.LEAVES | Trait.STAYS)


class Contact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A contact (`pipeline.model.contact`).

    `at` is the time of its last line, `channel` is folded, `negative` whether any line is negative,
    `mark` refers to the last line with a text, a negative one if there is any. It is `solved` once
    one of its topics was closed; topics after the first are in `more`. `subjects` are the topics of
    its texts. `conversation` is how it goes, None once it is over.
    """

    at: int
    channel: str
    topic: str
    negative: bool
    mark: EvidenceRef
    ticket_id: str = ""
    solved: bool = False
    # Contacts of older versions end here: later fields need a default.
    more: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    conversation: Conversation | None = None

    def is_about(self, topic: str) -> bool:
        """Return whether any of its lines is about the topic."""
        known = (self.topic, *self.more)
        # Topics of older versions are as they were written.
        return topic in known or topic in map(topic_of, known)


class Memory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What conditions need of earlier events; bounded.

    `closed` holds the closing times of tickets, `promised` the promised delivery times of orders,
    `waits` what the customer waits for, `habits` what they do day by day, `said` texts that a score
    may speak of, `answered_on` the channels on which the company has answered, the last ones.
    `standing` says whether they have left.
    """

    contacts: tuple[Contact, ...] = ()
    closed: dict[str, int] = {}
    promised: dict[str, int] = {}
    good_score_at: int | None = None
    # Memories of older versions end here: later fields need a default.
    waits: tuple[Wait, ...] = ()
    habits: dict[str, Habit] = {}
    said: tuple[Said, ...] = ()
    answered_on: tuple[str, ...] = ()
    standing: Standing = Standing()

    def standing_after(self, entry: LogEntry) -> Standing:
        """Return the standing of the customer after an event."""
        return standing_after(self.standing, entry.type, entry.product, excused=entry.excused)


def with_contact(memory: Memory, entry: LogEntry, at: int, pauses: Pauses) -> Memory:
    """Return the memory with an event's text and line, without contacts over 7 days."""
    contacts = memory.contacts  # in the order of their last lines
    if contacts and at - contacts[0].at > 7 * DAY:
        contacts = tuple(contact for contact in contacts if at - contact.at <= 7 * DAY)
    if entry.is_contact or (contacts and keeps_alive(entry.type, entry.author_type)):
        contact = continued(contacts, at, entry.type, entry.channel, entry.ticket_id, pauses)
        if entry.is_contact:
            now: Contact | None = _with_line(contact, entry, at)
        else:
            now = contact and replace(contact, at=at)
        if now:
            now = replace(now, conversation=with_turn(now.conversation or EMPTY, entry))
            if contact is None:
                contacts = tuple(_ended(other, at, pauses) for other in contacts)
            contacts = (*_others(contacts, contact)[1 - CONTACTS :], now)
    said = remembering(memory.said, entry, at, memory.promised)
    if contacts is memory.contacts and said is memory.said:
        return memory
    return replace(memory, contacts=contacts, said=said)


def begins_contact(memory: Memory, entry: LogEntry, at: int, pauses: Pauses) -> bool:
    """Return whether the entry is the first line of a contact; `memory` is from before it."""
    return entry.is_contact and not continued(
        memory.contacts, at, entry.type, entry.channel, entry.ticket_id, pauses
    )


def conversation_at(memory: Memory, entry: LogEntry, at: int) -> Conversation:
    """Return the conversation, this turn included, that the entry is a turn of; EMPTY if of none.

    The memory has the entry's contact, as from `with_contact`.
    """
    contact = memory.contacts[-1] if memory.contacts else None
    if not contact or contact.at != at or contact.channel != folded(entry.channel):
        return EMPTY
    is_turn = keeps_alive(entry.type, entry.author_type) or entry.is_contact
    return contact.conversation or EMPTY if is_turn else EMPTY


def talk_of(memory: Memory, entry: LogEntry, conversation: Conversation, pauses: Pauses) -> Talk:
    """Return what waits need of the conversation, as of `conversation_at`, that an entry is in."""
    if entry.type not in _SPEAKS:
        return UNKNOWN
    ticket_id = memory.contacts[-1].ticket_id if conversation is not EMPTY else ""
    return Talk(pauses.of(entry.channel), conversation.company_answered, ticket_id)


def _ended(contact: Contact, at: int, pauses: Pauses) -> Contact:
    """Return the contact without its conversation if no line can continue it."""
    is_over = contact.conversation and (
        at - contact.at >= pauses.in_thread(contact.channel, contact.ticket_id)
    )
    return replace(contact, conversation=None) if is_over else contact


def _others(contacts: tuple[Contact, ...], contact: Contact | None) -> tuple[Contact, ...]:
    if contact is None:
        return contacts
    if contact is contacts[-1]:
        return contacts[:-1]
    return tuple(other for other in contacts if other is not contact)


def _with_line(contact: Contact | None, entry: LogEntry, at: int) -> Contact:
    """Return the contact with a line added, a new one if it is None."""
    negative, topic = entry.label == "negative", entry.topic
    if contact is None:
        place = (at, folded(entry.channel), topic, negative, entry.mark(), entry.ticket_id)
        return Contact(*place, subjects=entry.subjects)
    more = contact.more
    if topic and contact.topic and not contact.is_about(topic):
        more = (*more[1 - CONTACT_TOPICS :], topic)
    tells_more = (negative or not contact.negative) and (entry.spans[0].end or not contact.mark.end)
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


def after(memory: Memory, entry: LogEntry, at: int, terms: Terms, talk: Talk = UNKNOWN) -> Memory:
    """Return the memory after the entry's effect on tickets, orders, scores, waits and habits.

    Who has left waits for nothing, and what was usual ends.
    """
    if entry.type in _SUBSCRIBES:
        before, standing = memory.standing, memory.standing_after(entry)
        memory = replace(memory, standing=standing)
        if standing.gone and not before.gone:
            return replace(memory, waits=(), habits={})
    memory = _with_waits(memory, entry, at, terms, talk)
    if entry.good_score:
        memory = replace(memory, good_score_at=at)
    if entry.type in _RESOLVES:
        return replace(
            memory,
            closed=_remember(memory.closed, entry.ticket_id, at),
            contacts=tuple(_solved(contact, entry) for contact in memory.contacts),
        )
    if entry.type in _REOPENS and entry.ticket_id in memory.closed:
        closed = {key: when for key, when in memory.closed.items() if key != entry.ticket_id}
        return replace(memory, closed=closed)
    if entry.type == EventType.ORDER_DELAYED and entry.order_id in memory.promised:
        return memory  # lateness is measured from the broken promise
    if entry.order_id and entry.promised_at is not None:
        promised = _remember(memory.promised, entry.order_id, entry.promised_at)
        return replace(memory, promised=promised)
    return memory


def _with_waits(memory: Memory, entry: LogEntry, at: int, terms: Terms, talk: Talk) -> Memory:
    waits = waits_after(memory.waits, entry, at, terms, talk)
    if _answers(entry) and entry.channel not in memory.answered_on:
        channels = (*memory.answered_on[1 - CHANNELS :], entry.channel)
        memory = replace(memory, answered_on=channels)
    habits = memory.habits
    if entry.amounts and "habit" in terms.patience:
        habits = fed(habits, entry, terms.calendar(entry).zone)
    if waits is memory.waits and habits is memory.habits:
        return memory
    return replace(memory, waits=waits, habits=habits)


def _answers(entry: LogEntry) -> bool:
    answers = entry.author_type != AuthorType.CUSTOMER and INTERNAL not in entry.tells
    return answers and keeps_alive(entry.type, entry.author_type)


def after_judgement(memory: Memory, turn: Overdue, terms: Terms) -> tuple[Memory, HabitNews | None]:
    """Return the memory once something overdue is judged, and what that says of a habit."""
    wait = turn.wait
    if wait.kind != "habit":
        return replace(memory, waits=judged(memory.waits, turn)), None
    waits = tuple(other for other in memory.waits if other is not wait)
    name, day = habit_of(wait)
    if name not in memory.habits:
        return replace(memory, waits=waits), None
    calendar = terms.calendar(wait.entry)
    habits, news = judged_day(memory.habits, name, day, calendar)
    again = looks_again(habits, name, day)
    looked_at = {habit_of(other)[0] for other in waits if other.kind == "habit"}
    if again is not None and name not in looked_at:
        due = end_of(again, calendar.zone)
        waits = (*waits, Wait("habit", habit_key(name, again), due, wait.began))
    return replace(memory, waits=waits, habits=habits), news


def _solved(contact: Contact, entry: LogEntry) -> Contact:
    same = (entry.ticket_id and contact.ticket_id == entry.ticket_id) or (
        entry.topic and contact.is_about(entry.topic)
    )
    return replace(contact, solved=True) if same else contact


def _remember(times: dict[str, int], key: str, at: int) -> dict[str, int]:
    newest = {**{other: when for other, when in times.items() if other != key}, key: at}
    while len(newest) > TICKETS:
        del newest[next(iter(newest))]
    return newest
