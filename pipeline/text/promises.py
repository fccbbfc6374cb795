"""Finds what the company promises in its turns, and by when.

A promise is a phrase of `data/promises.yaml`; its time is the one that its sentence names for it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from pipeline.model.reading import Promise
from pipeline.text import lexicon
from pipeline.text.normalise import SEPARATOR, Folded
from pipeline.text.phrases import Phrases, Words, patterns


class Promised(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of a promise; those of `with_time` promise only what has a time."""

    phrases: list[str]
    with_time: list[str]


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases of a time, as in `Promise`; `each` counts as often as the phrase's number says."""

    phrases: list[str]
    hours: float | None = None
    days: int | None = None
    weekday: int | None = None
    working: bool = False
    each: bool = False


class PromiseLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Promises and times by name; the file explains how phrases are written."""

    parts: dict[str, str]
    conditions: list[str]
    unless: list[str]
    promises: dict[str, Promised]
    numbers: dict[str, float]
    months: dict[str, int]
    times: dict[str, Time]


class _Place(NamedTuple):
    """A found phrase: `[start, end)` of the folded batch, in the sentence `[begin, stop)`."""

    name: str
    start: int
    end: int
    begin: int
    stop: int


def find_promises(folded: Folded, words: Words) -> list[tuple[Promise, ...]]:
    """Return the promises of each text in order; questions, conditions and quotes are none."""
    found: list[tuple[Promise, ...]] = [()] * len(folded.starts)
    said = [place for place in _said(folded, words) if _is_stated(folded.text, place)]
    times = _times(words, said)
    taken: set[_Place] = set()
    for place in said:
        what, _, needs_time = place.name.partition(_WITH)
        time = _time_of(place, times, taken)
        if time or not needs_time:
            taken.update([time] if time else [])
            start = min(place.start, time.start) if time else place.start
            end = max(place.end, time.end) if time else place.end
            text, first, last = folded.span(start, end)
            found[text] += (_promise(what, time, folded.text, first, last),)
    return found


def _said(folded: Folded, words: Words) -> Iterator[_Place]:
    """Yield the phrases that stand in one sentence, which ends with its line at the latest."""
    text = folded.text
    lines = np.flatnonzero(folded.typed.codes[folded.places] == SEPARATOR).tolist()
    for name, start, end in _PROMISES.find(words):
        line = bisect_left(lines, start)
        begin, stop = lines[line - 1] + 1 if line else 0, lines[line]
        if end <= stop:
            begin = max((mark.end() for mark in _END.finditer(text, begin, start)), default=begin)
            closing = _END.search(text, end, stop)
            yield _Place(name, start, end, begin, closing.end() if closing else stop)


def _is_stated(text: str, place: _Place) -> bool:
    """Return whether a phrase is neither asked nor quoted, and its sentence sets no condition."""
    rest = text[place.end : place.stop]
    if rest.endswith("?") and "," not in rest:
        return False
    quoted = any(
        quote.start() < place.start and place.end < quote.end()
        for quote in _QUOTE.finditer(text, place.begin, place.stop)
    )
    return not quoted and not _UNLESS.search(text, place.begin, place.stop)


def _times(words: Words, said: Sequence[_Place]) -> list[_Place]:
    """Return the times that the sentences of promises name, in order."""
    sentences = {place.begin: place for place in said}
    begins = list(sentences)
    within = np.zeros(len(words.places) + 1, np.int8)
    bounds = [bound for begin, place in sentences.items() for bound in (begin, place.stop)]
    np.add.at(within, np.searchsorted(words.places, bounds), [1, -1] * len(begins))
    return [
        sentences[begins[bisect_right(begins, start) - 1]]._replace(name=name, start=start, end=end)
        for name, start, end in _TIMES.find(words.of(np.cumsum(within[:-1]) > 0))
    ]


def _time_of(place: _Place, times: Sequence[_Place], taken: set[_Place]) -> _Place | None:
    """Return the time that a phrase of the sentence has.

    Turkish has it before the end of the verb, English behind it. Each promise has its own if there
    are enough.
    """
    named = [time for time in times if time.begin == place.begin]
    before = [time for time in reversed(named) if time.start < place.end]
    behind = [time for time in named if time.start >= place.end]
    free = [time for time in (*before, *behind) if time not in taken]
    return next(iter((*free, *before)), None)


def _promise(what: str, time: _Place | None, text: str, start: int, end: int) -> Promise:
    """Return the promise of characters `[start, end)` with a time of the folded text."""
    if not time:
        return Promise(what, None, None, False, start, end)
    phrase, form = text[time.start : time.end], _LEXICON.times[time.name]
    times = _amount(phrase) if form.each else 1.0
    return Promise(
        what,
        None if form.hours is None else round(form.hours * times, 2),
        None if form.days is None else round(form.days * times),
        form.working,
        start,
        end,
        form.weekday,
        _date(phrase) if time.name == _DATE else None,
    )


def _amount(phrase: str) -> float:
    """Return the number of a phrase, the latter of two: `24-48 saat` is 48."""
    latter = _RANGE.split(phrase)[-1]
    words = _NUMBER.findall(latter)
    return sum(float(word) if word.isdecimal() else _LEXICON.numbers[word] for word in words)


def _date(phrase: str) -> str | None:
    """Return `MM-DD` of a date; None if there is no such day."""
    day, month, *_ = [*re.findall(r"\d+", phrase), "0"]
    number = next((n for name, n in _LEXICON.months.items() if name in phrase), int(month))
    return f"{number:02}-{int(day):02}" if 1 <= number <= 12 and 1 <= int(day) <= 31 else None


def _alternatives(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_LEXICON: Final = lexicon.load("promises", PromiseLexicon)
_WITH, _DATE = " with time", "date"
_PARTS: Final = {
    "number": _alternatives(_LEXICON.numbers),
    "month": _alternatives(_LEXICON.months),
    **_LEXICON.parts,
}
_PROMISES: Final = Phrases(
    patterns(
        {
            name: phrases
            for what, form in _LEXICON.promises.items()
            for name, phrases in ((what, form.phrases), (what + _WITH, form.with_time))
        },
        _PARTS,
    )
)
_TIMES: Final = Phrases(
    patterns({name: time.phrases for name, time in _LEXICON.times.items()}, _PARTS)
)
_UNLESS: Final = re.compile(
    "|".join(
        [form for _, form in patterns({"": _LEXICON.conditions}, _PARTS)]
        + [rf"(?<![a-z0-9]){form}" for _, form in patterns({"": _LEXICON.unless}, _PARTS)]
    )
)
_END: Final = re.compile(r"[.!?…;](?!\d)")
_QUOTE: Final = re.compile(r'"[^"]+"|“[^”]+”|«[^»]+»')
_RANGE: Final = re.compile(r" ?[-–/] ?| (?:ile|ila|veya|ya da|to|or) ")
_NUMBER: Final = re.compile(rf"\d+|(?<![a-z]){_alternatives(_LEXICON.numbers)}(?![a-z])")
