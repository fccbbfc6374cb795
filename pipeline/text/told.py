"""Hears dangers beside the customer's own text: in titles, and in tickets that others opened."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from pipeline.common.sentences import passages
from pipeline.model.contact import is_told
from pipeline.model.event import AuthorType, Event
from pipeline.model.reading import MAX_LEVEL, QUOTE, Intent, Reading
from pipeline.text.automatic import is_automatic_title
from pipeline.text.dangers import NEAR, addresses_customer, find_dangers
from pipeline.text.letter_patterns import pattern, plain
from pipeline.text.normalise import fold
from pipeline.text.own_words import hints_at_others
from pipeline.text.phrases import words_of

_ANSWER: Final = re.compile(rf"\s*{pattern('{again}')}")
"""The beginning of a title that somebody else may have written."""


def told_dangers(events: Sequence[Event]) -> dict[int, tuple[Intent, ...]]:
    """Return the dangers that titles tell of, and tickets that others opened, by place of event.

    A title and the beginning of the text are read as one. Of each such ticket there is an item, of
    other events only where a danger is heard. Places are those in the text, `[0, 0)` in the title.
    """
    places, titles, texts = list[int](), list[str](), list[str]()
    for place, event in enumerate(events):
        told = is_told(event.type, event.author_type)
        title = _title(event) if told or event.author_type is AuthorType.CUSTOMER else ""
        if title or told:
            places.append(place)
            titles.append(title)
            texts.append(_of_customer(event.text or "") if told else _beginning(event.text or ""))
    if not places:
        return {}
    folded = fold([f"{title}\n{text}" for title, text in zip(titles, texts, strict=True)])
    found = find_dangers(folded, words_of(folded))
    return {
        place: tuple([_behind(title, danger) for danger in found.get(number, ())])
        for number, (place, title) in enumerate(zip(places, titles, strict=True))
        if number in found or events[place].author_type is not AuthorType.CUSTOMER
    }


def with_dangers(reading: Reading, event: Event, dangers: tuple[Intent, ...]) -> Reading:
    """Return the reading of an event of which `told_dangers` knows these dangers.

    A ticket that others opened is no turn of the company: it has no other intents.
    """
    own = reading.intents if event.author_type is AuthorType.CUSTOMER else ()
    known = {intent.name for intent in own}
    new = tuple([danger for danger in dangers if danger.name not in known])
    urgency = MAX_LEVEL if new else reading.urgency
    return replace(reading, intents=(*new, *own), urgency=urgency)


def _title(event: Event) -> str:
    title = event.title or ""
    return "" if _ANSWER.match(plain(title)) or is_automatic_title(title) else title


def _beginning(text: str) -> str:
    """Return what stands near the title, unless it may be what others wrote."""
    return "" if hints_at_others(text) else text[:NEAR]


def _of_customer(text: str) -> str:
    """Return the text with blanks for the sentences that are said to the customer."""
    for start, end in passages(text, QUOTE):
        if addresses_customer(text[start:end]):
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def _behind(title: str, danger: Intent) -> Intent:
    before = len(title) + 1
    return replace(danger, start=max(0, danger.start - before), end=max(0, danger.end - before))
