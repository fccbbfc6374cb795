"""The reading of a text by `understand`, and the scored event that carries it on `cx.scored`."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from pipeline.model.event import Event, Score
from pipeline.model.open_enum import extensible

Label = Literal["negative", "neutral", "positive"]
LABELS: tuple[Label, Label, Label] = ("negative", "neutral", "positive")
"""Column order of every probability array."""
AnyLabel: TypeAlias = Annotated[str, extensible(LABELS)]

PROMISED = ("callback", "answer", "shipment", "delivery", "technician", "refund")
"""What a company promises."""

Share = Annotated[float, Meta(ge=0, le=1)]
Rank: TypeAlias = tuple[int, bool]
"""Revision of an event, and whether its text was not scored in haste (or is absent)."""
NOT_MEANT = "not_meant"
"""The part of a danger that says that none is meant: a joke, a game, something to buy."""
QUOTE = 200
"""Maximum length of a passage that is quoted, in characters."""
MAX_LEVEL = 3
Level = Annotated[int, Meta(ge=0, le=MAX_LEVEL)]


# gc=False: instances cannot be part of a reference cycle.
class Probabilities(msgspec.Struct, frozen=True, gc=False):
    """Probabilities of the labels, calibrated by the engine; they sum to 1."""

    negative: Share
    neutral: Share
    positive: Share


class Intent(msgspec.Struct, frozen=True, gc=False):
    """An intention of the author; `[start, end)` are characters of `Event.text`.

    The intentions of the company (agent, bot, system) are the conversational acts of its turn; of a
    ticket that it opened, the dangers that the customer told of. `[0, 0)` is in the title.
    """

    name: str
    start: int
    end: int


class Topic(msgspec.Struct, frozen=True, gc=False):
    """The topic of a clause and its polarity; `[start, end)` are characters of `Event.text`.

    A topic has one clause per label, the first one.
    """

    name: str
    label: AnyLabel
    start: int
    end: int


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A sentence, or part of a long one; `[start, end)` are characters of `Event.text`."""

    start: int
    end: int
    label: AnyLabel


class Promise(msgspec.Struct, frozen=True, gc=False):
    """A promise of the company: `what` will happen, by when; `[start, end)` are characters.

    `hours` run from the event, in business hours if they are `working`. Else the text names a day,
    which lasts until it ends, in the customer's calendar: `days` ahead (0: today), business days if
    they are `working`; the first `weekday` (0 Monday to 6 Sunday) from `days` ahead on, or that of
    the calendar week `weeks` ahead; the next `date` (`MM-DD`); the `monthday` of the month `months`
    ahead, or the next such day if that is not said, or the same day `months` ahead. `clock` is the
    time of that day (`HH:MM`), or the next such time; `close` is when business hours end. None of
    them is given if no time was named.
    """

    what: Annotated[str, extensible(PROMISED)]
    hours: float | None
    days: int | None
    working: bool
    start: int
    end: int
    weekday: Annotated[int, Meta(ge=0, le=6)] | None = None
    date: Annotated[str, Meta(pattern=r"^\d\d-\d\d$")] | None = None
    # Promises of older versions end here: later fields need a default.
    clock: Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|close)$")] | None = None
    weeks: int | None = None
    months: int | None = None
    monthday: Annotated[int, Meta(ge=1, le=31)] | None = None

    @property
    def names_time(self) -> bool:
        """Whether it says by when."""
        named = (self.hours, self.days, self.weekday, self.date, self.clock, self.months)
        return (*named, self.monthday) != (None,) * 7


class Reading(msgspec.Struct, frozen=True, gc=False):
    """The reading of a text.

    `intensity` runs from 0 (flat) to 1 (furious or delighted), `anger` from 0 (none) to 3
    (furious), `urgency` from 0 (none) to 3 (somebody must act at once). `engine` produced the
    scores; `hurried`: `auto` would have asked a better engine but had no time. `worst` is the most
    negative passage, None for a content text and one without words; the store does not keep it.
    Only the company makes `promises`. `danger_parts` are the halves of dangers that a short text
    tells, `DANGER/PAIR/HALF`: the other half may stand in another line of the conversation.
    `hints` are intents that the text may have, too uncertain for an alert;
    `traits` are what the text is as a whole: irony, rude, polite, vulnerable, and reasons why it is
    urgent. The store keeps none of the three.
    """

    label: AnyLabel
    probabilities: Probabilities
    intensity: Share
    language: str
    engine: str
    version: str
    intents: tuple[Intent, ...] = ()
    anger: Level = 0
    urgency: Level = 0
    topics: tuple[Topic, ...] = ()
    hurried: bool = False
    worst: Passage | None = None
    promises: tuple[Promise, ...] = ()
    danger_parts: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    hints: tuple[Intent, ...] = ()


def is_against_score(reading: Reading, score: Score) -> bool:
    """Return whether text and score contradict each other: "10 verdim ama kargo berbat".

    A good score contradicts a negative text or topic, a bad score a positive text.
    """
    if score.is_good:
        return "negative" in (reading.label, *(topic.label for topic in reading.topics))
    return score.is_bad and reading.label == "positive"


class Scored(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An event with its reading; `reading` is None if the event has no text.

    `received_at` is when the broker received the original message, the start of every latency. An
    event that is not `counted`, such as a test or a revoked one, affects no KPI and no alert.
    """

    event: Event
    reading: Reading | None
    received_at: datetime
    counted: bool = True

    @property
    def rank(self) -> Rank:
        """The precedence among copies of an event: the highest counts, in any order of arrival."""
        return self.event.revision, not (self.reading and self.reading.hurried)
