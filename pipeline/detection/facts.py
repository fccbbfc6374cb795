"""The fields that conditions of rules can use: of the event, its reading and the customer.

`FIELDS` is the only list: conditions are checked against it, detection evaluates it, and
`docs/rules.md` prints it.
"""

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from pipeline.detection.conversation import EMPTY, Conversation
from pipeline.detection.entry import COMPLAINTS, DAY, HOUR, INTENTS, TOPICS, LogEntry
from pipeline.detection.memory import Contact, Memory
from pipeline.detection.routine import HabitNews
from pipeline.detection.waits import KINDS, WAITS, is_ended
from pipeline.model.event_types import EventType

OPEN_ALERTS = 50
"""Maximum number of open alerts that a condition sees, the last opened."""


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
    grave_alert: bool = False
    habit: HabitNews | None = None
    conversation: Conversation = EMPTY

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
        """Return the kinds of what is overdue and not ended by this event."""
        waits = self.memory.waits
        return tuple(
            wait.kind for wait in waits if wait.is_overdue and not is_ended(wait, self.entry)
        )

    def leaves(self) -> bool:
        """Return whether the customer leaves by this event."""
        before = self.memory.standing
        return not before.gone and self.memory.standing_after(self.entry).gone

    def hours_late(self) -> float:
        """Return the hours from the promised to the actual or new delivery, 0 for other events."""
        entry, arrives = self.entry, self.at
        promised = self.memory.promised.get(entry.order_id)
        if entry.type == EventType.ORDER_DELAYED:
            arrives = entry.promised_at or arrives
        elif entry.type == EventType.ORDER_DELIVERED:
            promised = entry.promised_at or promised
        else:
            return 0.0
        return max(0.0, (arrives - promised) / HOUR) if promised is not None else 0.0


class Field(NamedTuple):
    """A field: its CEL type (`string`, `double`, `int`, `bool`, `list(string)`) and its getter.

    Lists are tuples, so that values can be compared with those of earlier events. A list has at
    most `most` items.
    """

    type: str
    meaning: str
    get: Callable[[Moment], Any]
    most: int = 0


def _conversation(name: str, type_: str, meaning: str) -> tuple[str, Field]:
    return f"conversation.{name}", Field(type_, meaning, attrgetter(f"conversation.{name}"))


def _text(name: str, meaning: str) -> tuple[str, Field]:
    return f"event.{name}", Field("string", meaning, attrgetter(f"entry.{name}"))


FIELDS: dict[str, Field] = dict(
    [
        _text("type", "one of the event types"),
        _text("channel", "where it happened"),
        _text("author_type", "customer, agent, bot or system"),
        _text("language", 'of the text; "" if unknown'),
        _text("touchpoint", '"" if unknown, as all that follow'),
        _text("ticket_id", ""),
        _text("order_id", ""),
        _text("product", ""),
        _text("segment", ""),
        _text("account_id", ""),
        _text("brand", ""),
        _text("source", ""),
        _text("metric", 'nps, csat, ces or rating; "" without a score'),
    ]
) | {
    "event.score": Field(
        "double",
        "value of the score; without one no comparison holds (NaN)",
        lambda m: math.nan if m.entry.score is None else m.entry.score,
    ),
    "event.good_score": Field(
        "bool",
        "whether the score is nps 9+, csat 4+, ces 5+ or a rating in the best quarter",
        attrgetter("entry.good_score"),
    ),
    "event.is_contact": Field(
        "bool",
        "whether the customer turns to the company by it, and not only to say thank you",
        attrgetter("entry.is_contact"),
    ),
    "event.has_text": Field("bool", "whether it has a text", attrgetter("entry.has_text")),
    "reading.label": Field(
        "string",
        'negative, neutral or positive; "" without a text by the customer, as all of the reading',
        attrgetter("entry.label"),
    ),
    "reading.negative": Field("double", "probability", attrgetter("entry.negative")),
    "reading.positive": Field("double", "probability", attrgetter("entry.positive")),
    "reading.intensity": Field(
        "double", "0 flat to 1 furious or delighted", attrgetter("entry.intensity")
    ),
    "reading.intents": Field(
        "list(string)", "what the author means to do", attrgetter("entry.intents"), INTENTS
    ),
    "reading.anger": Field("int", "0 none to 3 furious", attrgetter("entry.anger")),
    "reading.urgency": Field("int", "0 none to 3 act at once", attrgetter("entry.urgency")),
    "reading.topics": Field(
        "list(string)", "what the text is about", attrgetter("entry.topics"), TOPICS
    ),
    "reading.negative_topics": Field(
        "list(string)",
        "those of which it says something negative",
        attrgetter("entry.negative_topics"),
        COMPLAINTS,
    ),
    "reading.against_score": Field(
        "bool",
        "whether the text says otherwise than the score of the event",
        attrgetter("entry.against_score"),
    ),
    "reading.acts": Field(
        "list(string)",
        "what a turn of the company does: not_understood, refuses_person, apology …",
        attrgetter("entry.acts"),
        INTENTS,
    ),
    **dict(
        [
            _conversation("turns", "int", "lines of this contact by anybody, this one included"),
            _conversation("customer_turns", "int", "those by the customer"),
            _conversation("bot_misses", "int", "turns in which a bot did not understand"),
            _conversation("repeats", "int", "turns in which the customer said it once more"),
            _conversation("apologies", "int", "turns in which the company apologised"),
            _conversation("asked_person", "bool", "whether the customer asked for a person"),
            _conversation("refused_person", "bool", "whether that was refused"),
            _conversation(
                "setbacks",
                "int",
                "turns in which it went wrong: a miss, no help, a refusal, the same again, anger",
            ),
            _conversation(
                "negative_turns", "int", "turns in which the customer is negative after an answer"
            ),
            _conversation("worsens", "bool", "whether this turn is one of the last two kinds"),
            _conversation("opening", "double", "negativity of the customer's first line, 0 to 1"),
            _conversation("mood", "double", "mean of it in the last turns, newer ones count more"),
        ]
    ),
    "customer.contacts_24h": Field(
        "int",
        "contacts in 24 hours, this one included",
        lambda m: len(m.contacts_within(DAY)),
    ),
    "customer.channels_24h": Field(
        "int",
        "different channels of these contacts",
        lambda m: len({contact.channel for contact in m.contacts_within(DAY)}),
    ),
    "customer.negatives_7d": Field(
        "int",
        "contacts with a negative text in 7 days, this one included",
        lambda m: sum(contact.negative for contact in m.contacts_within(7 * DAY)),
    ),
    "customer.topic_contacts_7d": Field(
        "int",
        "contacts in 7 days on this one's topic that were not solved; 0 if it has none or is none",
        lambda m: len(m.unsolved_on_topic()),
    ),
    "customer.hours_since_closed": Field(
        "double",
        "since this event's ticket was closed (without a ticket: any); infinite if never",
        lambda m: m.hours_since(m.closed_at()),
    ),
    "customer.hours_since_good_score": Field(
        "double",
        "since the last good score, 0 if this event has one; infinite if never",
        lambda m: 0.0 if m.entry.good_score else m.hours_since(m.memory.good_score_at),
    ),
    "customer.hours_late": Field(
        "double",
        "order.delivered: hours after the promised time; order.delayed: hours it will be; else 0",
        lambda m: m.hours_late(),
    ),
    "customer.overdue": Field(
        "list(string)",
        "what the customer goes on waiting for in vain after it: " + ", ".join(KINDS),
        lambda m: m.overdue(),
        WAITS,
    ),
    "habit.name": Field(
        "string",
        'what changed: a number of `usage`, visits, orders; "" if no habit is judged',
        lambda m: m.habit.name if m.habit else "",
    ),
    "habit.change": Field(
        "string",
        'falling, quiet, lapsed or recovered on the day that is told, else ""',
        lambda m: m.habit.told if m.habit else "",
    ),
    "customer.leaves": Field(
        "bool",
        "whether the customer leaves by this event: the account or the last subscription ends",
        lambda m: m.leaves(),
    ),
    "customer.open_alerts": Field(
        "list(string)",
        "causes of the alerts open before it",
        lambda m: m.open_alerts[-OPEN_ALERTS:],
        OPEN_ALERTS,
    ),
    "customer.risk": Field("double", "0 to 1, this event's weights included", attrgetter("risk")),
    "customer.grave_alert": Field(
        "bool",
        "for rules that read the risk: whether another alert, high or critical, is open by now",
        attrgetter("grave_alert"),
    ),
    "customer.risk_threshold": Field(
        "double",
        "the one of the settings, or of the model in force",
        attrgetter("risk_threshold"),
    ),
}
