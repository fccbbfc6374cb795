"""The entry of an event in a customer's state: bounded, without the text."""

import math
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace

from pipeline.common.epoch_micros import to_micros
from pipeline.detection.exit_pages import is_about_leaving
from pipeline.detection.spans import NOTHING_SAID, EvidenceRef, Span, promised_in, spans_of
from pipeline.detection.tells import INTERNAL, tells_of
from pipeline.model.contact import comes_to_customer, is_contact, is_told, only_thanks, topic_of
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType, Trait, types_with
from pipeline.model.leaving import is_excused
from pipeline.model.merged_tickets import type_in_effect
from pipeline.model.reading import (
    QUOTE,
    Promise,
    Rank,
    Scored,
    is_against_score,
)

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
"""A day in microseconds; times are integral microseconds since 1970-01-01 UTC."""

INTENTS = 8
"""Maximum number of stored intents of a text."""
TOPICS = 5
"""Maximum number of stored topics of a text."""
TRAITS = 8
"""Maximum number of stored traits of a text."""
COMPLAINTS = 3
"""Maximum number of stored topics that a text complains of."""
PROMISES = 3
"""Maximum number of stored promises of a turn of the company."""
COUNTED: Final[Mapping[str, str]] = {
    EventType.VISIT: "visits",
    EventType.ORDER_PLACED: "orders",
}
"""Types of events that are counted by the day, and as what."""
AMOUNTS = 4
"""Maximum number of stored amounts of a record of usage."""

_OWN = types_with(Trait.OWN)
_BY_AUTHOR = types_with(Trait.WORDS | Trait.STAYS)
"""Types that are the customer's doing only where the customer is their author."""
_TROUBLE = types_with(Trait.SETBACK | Trait.LEAVES)
"""Types that show no ordinary life, whoever records them."""
_LEAVING: Final = frozenset({"churn", "boycott", "ask_exit"})
"""Intents of who leaves, or thinks of it."""

AttributeValue = str | float | bool


class LogEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event and its reading in a customer's log: without text, bounded in size.

    `spans` are first the most telling span of the text, `NOTHING_SAID` if it speaks against
    nothing, then the span of each of the `intents`, then of each of the `negative_topics`, of the
    first one last; of a turn of the company that of each of the `promises`. `acts` and `promises`
    are what such a turn does, `intents` what a customer means. `amounts` are the numbers of a
    record of usage, or of what is counted. `tells` are what attributes with a meaning and the plain
    form of a line say (`tells.py`). `about_leaving`: it is at a page about leaving; `unhelpful`:
    the customer says that help did not help; `excused`: an end by which the customer does not
    leave, as its reason says.
    """

    at: int
    event_id: str
    revision: int
    type: str
    channel: str
    author_type: str
    language: str = ""
    touchpoint: str = ""
    ticket_id: str = ""
    order_id: str = ""
    product: str = ""
    segment: str = ""
    account_id: str = ""
    brand: str = ""
    source: str = ""
    metric: str = ""
    score: float | None = None
    good_score: bool = False
    promised_at: int | None = None
    has_text: bool = False
    label: str = ""
    negative: float = 0.0
    positive: float = 0.0
    intensity: float = 0.0
    intents: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    attributes: dict[str, AttributeValue] = {}
    # Entries of older versions end here: later fields need a default.
    anger: int = 0
    urgency: int = 0
    topics: tuple[str, ...] = ()
    negative_topics: tuple[str, ...] = ()
    against_score: bool = False
    hurried: bool = False
    counted: bool = True
    amounts: dict[str, float] = {}
    acts: tuple[str, ...] = ()
    promises: tuple[Promise, ...] = ()
    tells: tuple[str, ...] = ()
    danger_parts: tuple[str, ...] = ()
    about_leaving: bool = False
    unhelpful: bool = False
    excused: bool = False
    traits: tuple[str, ...] = ()

    @property
    def rank(self) -> Rank:
        """The rank as in `Scored.rank`."""
        return self.revision, not self.hurried

    @property
    def topic(self) -> str:
        """The topic of the event: touchpoint, else product, else ticket; "" if none is known."""
        return topic_of(self.touchpoint, self.product) or self.ticket_id

    @property
    def is_contact(self) -> bool:
        """Whether the event is a line of a contact."""
        thanks = only_thanks(self.label, self.intents)
        return is_contact(self.type, self.author_type, thanks=thanks)

    @property
    def is_sign_of_life(self) -> bool:
        """Whether the customer did something; a record of no usage at all is nothing."""
        own = self.type in _OWN or (
            self.type in _BY_AUTHOR and self.author_type == AuthorType.CUSTOMER
        )
        if not own or comes_to_customer(self.type, self.author_type):
            return False
        return not self.amounts or any(self.amounts.values())

    @property
    def is_ordinary(self) -> bool:
        """Whether it shows ordinary life: the customer's own, no trouble, not negative.

        Nothing that looks like leaving is.
        """
        return (
            self.label != "negative"
            and self.type not in _TROUBLE
            and (self.score is None or self.good_score)
            and not (self.about_leaving or self.unhelpful)
            and (not self.intents or _LEAVING.isdisjoint(self.intents))
            and "cancellation" not in self.topics
            and self.is_sign_of_life
        )

    @property
    def subjects(self) -> tuple[str, ...]:
        """The topics that the text complains of, or else mentions."""
        return self.negative_topics or self.topics

    def mark(self, names: frozenset[str] = frozenset()) -> EvidenceRef:
        """Return the reference to the first intent or negative topic among `names`.

        If there is none, the reference to the most telling span.
        """
        telling, *others = self.spans
        if not names:
            return EvidenceRef(self.event_id, telling.start, telling.end)
        first, rest = self.negative_topics[:1], self.negative_topics[1:]
        # In entries of older versions the span of the first topic is the telling one.
        named = zip((*self.intents, *rest, *first), others, strict=False)
        chosen = next((span for name, span in named if name in names), telling)
        return EvidenceRef(self.event_id, chosen.start, chosen.end)

    def on_promise(self, names: Container[str]) -> "LogEntry":
        """Return the entry with the words of the first promise among `names` as the telling ones.

        In entries of older versions promises have no words of their own.
        """
        for promise, span in zip(self.promises, self.spans[1:], strict=False):
            if promise.what in names:
                return replace(self, spans=(span,))
        return self


def entry_of(scored: Scored, attributes: tuple[str, ...] = ()) -> LogEntry:
    """Return the log entry of an event, with only the named ones of its attributes."""
    event, reading = scored.event, scored.reading
    text = event.text or ""
    # Only customers' words count as their sentiment.
    sentiment = reading if event.author_type is AuthorType.CUSTOMER else None
    intents = reading.intents[:INTENTS] if reading else ()
    topics = sentiment.topics if sentiment else ()
    complaints = [topic for topic in topics if topic.label == "negative"][:COMPLAINTS]
    spans = tuple(spans_of(text, reading, intents, complaints)) if text.strip() else (NOTHING_SAID,)
    names = tuple([intent.name for intent in intents])
    tells = tells_of(event)
    # Of a note inside the company nobody was told.
    told = reading and not sentiment and INTERNAL not in tells
    promises = reading.promises[:PROMISES] if reading and told else ()
    means = bool(sentiment) or (bool(names) and is_told(event.type, event.author_type))
    return LogEntry(
        at=to_micros(event.occurred_at),
        event_id=event.event_id,
        revision=event.revision,
        type=type_in_effect(event),
        channel=event.channel,
        author_type=event.author_type,
        language=event.language or (reading.language if reading else ""),
        touchpoint=event.touchpoint or "",
        ticket_id=event.ticket_id or "",
        order_id=event.order_id or "",
        product=event.product or "",
        segment=event.segment or "",
        account_id=event.account_id or "",
        brand=event.brand or "",
        source=event.source or "",
        metric=event.score.metric if event.score else "",
        score=event.score.value if event.score else None,
        good_score=bool(event.score and event.score.is_good),
        promised_at=_promise(event),
        has_text=bool(text),
        label=sentiment.label if sentiment else "",
        negative=sentiment.probabilities.negative if sentiment else 0.0,
        positive=sentiment.probabilities.positive if sentiment else 0.0,
        intensity=sentiment.intensity if sentiment else 0.0,
        intents=names if means else (),
        # A turn of the company is told by the first thing that it does, if it does any.
        spans=spans if means else (*spans[bool(intents) :][:1], *promised_in(text, promises)),
        attributes=_named(event, attributes) if attributes else {},
        anger=sentiment.anger if sentiment else 0,
        urgency=sentiment.urgency if sentiment else 0,
        topics=tuple(dict.fromkeys([topic.name for topic in topics]))[:TOPICS] if topics else (),
        negative_topics=tuple([topic.name for topic in complaints]),
        against_score=bool(sentiment and event.score and is_against_score(sentiment, event.score)),
        hurried=bool(reading and reading.hurried),
        counted=scored.counted,
        amounts=_amounts(event),
        acts=() if means else names,
        promises=promises,
        tells=tells,
        danger_parts=sentiment.danger_parts if sentiment else (),
        about_leaving=is_about_leaving(event),
        unhelpful=event.type is EventType.KB_VOTED and event.attributes.get("helpful") is False,
        excused=is_excused(event),
        traits=sentiment.traits[:TRAITS] if sentiment else (),
    )


def _named(event: Event, names: Iterable[str]) -> dict[str, AttributeValue]:
    """Return the named attributes of an event, texts cut."""
    return {
        name: value[:QUOTE] if isinstance(value, str) else value
        for name in names
        if (value := event.attributes.get(name)) is not None
    }


def _amounts(event: Event) -> dict[str, float]:
    """Return the numbers of a record of usage, the first by name, or that it counts once."""
    if event.type is not EventType.USAGE:
        if event.type not in COUNTED or comes_to_customer(event.type, event.author_type):
            return {}
        return {COUNTED[event.type]: 1.0}
    numbers = {
        name: float(value)
        for name, value in sorted(event.attributes.items())
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
    return dict(islice(numbers.items(), AMOUNTS))


def _promise(event: Event) -> int | None:
    """Return `attributes.promised_at`, None if absent or not an RFC 3339 time with offset."""
    text = event.attributes.get("promised_at")
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_micros(moment) if moment.tzinfo else None
