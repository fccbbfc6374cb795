"""The fields that conditions of rules can use: of the event, its reading and the customer.

`FIELDS` is the only list: conditions are checked against it, detection evaluates it, and
`docs/rules.md` prints it.
"""

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from pipeline.detection.entry import COMPLAINTS, DAY, INTENTS, TOPICS, TRAITS
from pipeline.detection.line_dangers import DANGERS
from pipeline.detection.moment import Moment
from pipeline.detection.wait import KINDS
from pipeline.detection.waits import WAITS

OPEN_ALERTS = 50
"""Maximum number of open alerts that a condition sees, the last opened."""


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
    "event.about_leaving": Field(
        "bool",
        "whether it is at a page about leaving, by touchpoint or `page`: a visit or self-service",
        attrgetter("entry.about_leaving"),
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
    "reading.traits": Field(
        "list(string)",
        "what the text is as a whole: irony, rude, polite, vulnerable, reasons of its urgency",
        attrgetter("entry.traits"),
        TRAITS,
    ),
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
    "conversation.dangers": Field(
        "list(string)",
        "dangers that the customer's last lines tell of together, each line but a part",
        attrgetter("conversation.dangers"),
        DANGERS,
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
    "customer.made_good": Field(
        "list(string)",
        "what the customer waited for in vain and gets by it, if late: the same",
        lambda m: m.made_good(),
        WAITS,
    ),
    "customer.answered_here": Field(
        "bool",
        "whether the company has ever answered this customer on the event's channel",
        lambda m: m.entry.channel in m.memory.answered_on,
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
