"""The lexicon of what the company promises, and by when: `data/promises.yaml`."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from pipeline.text import lexicon


class Promised(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of a promise; those of `with_time` promise only what has a time."""

    phrases: list[str]
    with_time: list[str]


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases of a time, as in `Promise`.

    `each` counts as often as the phrase's number says; `reads` is read from the phrase itself.
    """

    phrases: list[str]
    hours: float | None = None
    days: int | None = None
    weekday: int | None = None
    weeks: int | None = None
    months: int | None = None
    monthday: int | None = None
    clock: str | None = None
    working: bool = False
    each: bool = False
    reads: Literal["date", "either_date", "monthday", "weekday", "clock"] | None = None

    @property
    def is_clock(self) -> bool:
        """Whether it is a time of day, which may have a day beside it."""
        return self.clock is not None or self.reads == "clock"


class PromiseLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Promises and times by name; the file explains how phrases are written."""

    parts: dict[str, str]
    conditions: list[str]
    unless: list[str]
    english: str
    of_another: str
    unread: list[str]
    promises: dict[str, Promised]
    numbers: dict[str, float]
    months: dict[str, int]
    weekdays: dict[str, int]
    beside: str
    alternative: str
    times: dict[str, Time]


def alternatives(words: Iterable[str]) -> str:
    """Return the pattern of one of the words, the longest that stands there."""
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


LEXICON: Final = lexicon.load("promises", PromiseLexicon)
PARTS: Final = {
    "number": alternatives(LEXICON.numbers),
    "month": alternatives(LEXICON.months),
    **LEXICON.parts,
}
