"""What a text says: the result of `understand`, and the event that carries it on `cx.scored`."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pipeline.event import Event

Label = Literal["negative", "neutral", "positive"]
LABELS: tuple[Label, Label, Label] = ("negative", "neutral", "positive")
"""Order of the columns in every probability array."""

Share = Annotated[float, Meta(ge=0, le=1)]


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


class Reading(msgspec.Struct, frozen=True, gc=False):
    """How a text is understood. `intensity` runs from 0 (flat) to 1 (furious or delighted)."""

    label: Label
    probabilities: Probabilities
    intensity: Share
    language: str
    engine: str
    version: str
    intents: tuple[Intent, ...] = ()


class Scored(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An event with its reading; `reading` is None where the event has no text.

    `received_at` is the broker's time of the original message, the start of every latency.
    """

    event: Event
    reading: Reading | None
    received_at: datetime
