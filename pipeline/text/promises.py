"""Finds what the company promises in its turns, and by when.

A promise is a phrase of `data/promises.yaml`; its time is the one that its sentence names for it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from pipeline.model.reading import Promise
from pipeline.text.normalise import SEPARATOR, Folded
from pipeline.text.phrases import Phrases, Words, patterns, where_words_begin
from pipeline.text.promise_lexicon import LEXICON, PARTS
from pipeline.text.promise_times import Moment, Place, find_times, promise_by


def find_promises(folded: Folded, words: Words) -> list[tuple[Promise, ...]]:
    """Return the promises of each text in order; questions, conditions and quotes are none."""
    found: list[tuple[Promise, ...]] = [()] * len(folded.starts)
    said = [place for place in _said(folded, words) if _is_stated(folded.text, place)]
    times = find_times(words, said)
    taken: set[Moment] = set()
    for place in said:
        what, needs_time, _ = place.name.partition(_WITH)
        time = _time_of(place, times, taken, folded.text)
        if time or not (needs_time or _UNREAD.search(folded.text, place.begin, place.stop)):
            taken.update([time] if time else [])
            start = min(place.start, time.start) if time else place.start
            end = max(place.end, time.end) if time else place.end
            text, first, last = folded.span(start, end)
            found[text] += (promise_by(what, time, folded.text, first, last),)
    return found


def _said(folded: Folded, words: Words) -> Iterator[Place]:
    """Yield the phrases that stand in one sentence, which ends with its line at the latest."""
    text = folded.text
    lines = np.flatnonzero(folded.typed.codes[folded.places] == SEPARATOR).tolist()
    for name, start, end in _PROMISES.find(words):
        line = bisect_left(lines, start)
        begin, stop = lines[line - 1] + 1 if line else 0, lines[line]
        if end <= stop:
            begin = max((mark.end() for mark in _END.finditer(text, begin, start)), default=begin)
            closing = _END.search(text, end, stop)
            yield Place(name, start, end, begin, closing.end() if closing else stop)


def _is_stated(text: str, place: Place) -> bool:
    """Return whether a phrase is neither asked nor quoted, and its sentence sets no condition."""
    rest = text[place.end : place.stop]
    if rest.endswith("?") and "," not in rest:
        return False
    quoted = any(
        quote.start() < place.start and place.end < quote.end()
        for quote in _QUOTE.finditer(text, place.begin, place.stop)
    )
    return not quoted and not _UNLESS.search(text, place.begin, place.stop)


def _time_of(place: Place, times: Sequence[Moment], taken: set[Moment], text: str) -> Moment | None:
    """Return the time that a phrase of the sentence has, one beside it before one past a comma.

    Turkish has it before the end of the verb, English behind it. Each promise has its own if there
    are enough.
    """
    named = [
        time
        for time in times
        if time.begin == place.begin and not _OF_ANOTHER.search(text, time.end, place.end)
    ]
    before = [time for time in reversed(named) if time.start < place.end]
    behind = [time for time in named if time.start >= place.end]
    is_english = _ENGLISH.search(text, place.start, place.end)
    both = (*behind, *before) if is_english else (*before, *behind)
    apart = {
        time
        for time in named
        if "," in text[time.end : place.start] or "," in text[place.end : time.start]
    }
    free = sorted((time for time in both if time not in taken), key=apart.__contains__)
    return next(iter((*free, *before)), None)


_WITH: Final = " with time"
_PROMISES: Final = Phrases(
    patterns(
        {
            name: phrases
            for what, form in LEXICON.promises.items()
            for name, phrases in ((what, form.phrases), (what + _WITH, form.with_time))
        },
        PARTS,
    )
)
_UNLESS: Final = re.compile(
    "|".join(
        [form for _, form in patterns({"": LEXICON.conditions}, PARTS)]
        + where_words_begin(LEXICON.unless, PARTS)
    )
)
_UNREAD: Final = re.compile("|".join(where_words_begin(LEXICON.unread, PARTS)))
_ENGLISH: Final = re.compile(rf"(?<![a-z]){LEXICON.english}(?![a-z])")
_OF_ANOTHER: Final = re.compile(rf"(?<![a-z]){LEXICON.of_another}(?![a-z])")
_END: Final = re.compile(r"[!?…;](?!\d)|(?<![ap]\.m)\.(?!\d|m\b)")
_QUOTE: Final = re.compile(r'"[^"]+"|“[^”]+”|«[^»]+»')
