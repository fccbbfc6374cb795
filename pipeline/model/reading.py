"""What a text says: the result of `understand`, and the event that carries it on `cx.scored`."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from pipeline.model.event import Event, Score
from pipeline.model.open_enum import extensible

Label = Literal["negative", "neutral", "positive"]
LABELS: tuple[Label, Label, Label] = ("negative", "neutral", "positive")
"""Order of the columns in every probability array."""
AnyLabel: TypeAlias = Annotated[str, extensible(LABELS)]

Share = Annotated[float, Meta(ge=0, le=1)]
Rank: TypeAlias = tuple[int, bool]
"""A revision of an event, and whether its text was read with patience (or there is none)."""
MAX_LEVEL = 3
Level = Annotated[int, Meta(ge=0, le=MAX_LEVEL)]


# No instance can be part of a cycle, so the garbage collector need not look at them (gc=False).
class Probabilities(msgspec.Struct, frozen=True, gc=False):
    """Calibrated as well as the engine can; sums to 1."""

    negative: Share
    neutral: Share
    positive: Share


class Intent(msgspec.Struct, frozen=True, gc=False):
    """Something that the author means to do; `[start, end)` are characters of `Event.text`."""

    name: str
    start: int
    end: int


class Topic(msgspec.Struct, frozen=True, gc=False):
    """Something that a clause is about, and how; `[start, end)` are characters of `Event.text`.

    A topic has one clause a label: the first one.
    """

    name: str
    label: AnyLabel
    start: int
    end: int


class Reading(msgspec.Struct, frozen=True, gc=False):
    """How a text is understood.

    `intensity` runs from 0 (flat) to 1 (furious or delighted), `anger` from 0 (none) to 3
    (furious), `urgency` from 0 (none) to 3 (somebody must act at once). `engine` is the one that
    said it; `hurried`: `auto` would have asked a better one, but there was no time.
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


def is_against_score(reading: Reading, score: Score) -> bool:
    """Whether the words say otherwise than the score: "10 verdim ama kargo berbat".

    So a good score with a negative text or topic, or a bad one with a positive text.
    """
    if score.is_good:
        return "negative" in (reading.label, *(topic.label for topic in reading.topics))
    return score.is_bad and reading.label == "positive"


class Scored(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An event with its reading; `reading` is None where the event has no text.

    `received_at` is the broker's time of the original message, the start of every latency. One that
    is not `counted`, as of a test or one taken back, is part of no figure and rings no alert.
    """

    event: Event
    reading: Reading | None
    received_at: datetime
    counted: bool = True

    @property
    def rank(self) -> Rank:
        """Of two copies of one event the one with the higher rank counts, whichever comes first."""
        return self.event.revision, not (self.reading and self.reading.hurried)
