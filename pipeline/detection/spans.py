"""Spans of an event's text, and references to them: what is kept of a text as proof."""

from collections.abc import Iterator, Sequence

import msgspec

from pipeline.common.sentences import passage_at, passages, says_something
from pipeline.model.reading import QUOTE, Intent, Promise, Reading, Topic


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A span `[start, end)` of a text with its quote, at most `QUOTE` characters."""

    start: int
    end: int
    quote: str


NOTHING_SAID = Span(0, 0, "")
"""The span of a text that has no word against the company, or of none."""


class EvidenceRef(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A reference to a span of an event's text; the log holds the quote.

    `turn` is the number of the event in its conversation, from 1, where that matters.
    """

    event_id: str
    start: int
    end: int
    # References of older versions end here: later fields need a default.
    turn: int | None = None


def first_and_newest(marks: tuple[EvidenceRef, ...], most: int) -> tuple[EvidenceRef, ...]:
    """Return references, those in the middle left out where there are more than `most`."""
    return marks if len(marks) <= most else (marks[0], *marks[1 - most :])


def spans_of(
    text: str, reading: Reading | None, intents: Sequence[Intent], complaints: Sequence[Topic]
) -> Iterator[Span]:
    """Yield the `spans` of a log entry: whole sentences, and clauses of topics that say enough."""
    worst = reading and reading.worst
    sentences = [] if worst and not (intents or complaints) else passages(text, QUOTE)
    clauses = [_clause(text, topic, sentences) for topic in complaints]
    said = [_span(text, *passage_at(sentences, intent.start)) for intent in intents]
    label = worst.label if worst else reading.label if reading else ""
    if worst and label != "positive":
        yield _span(text, worst.start, worst.end)
    elif clauses:
        yield clauses[0]
    elif label == "positive":
        yield NOTHING_SAID
    else:
        yield said[0] if said else _span(text, *sentences[0])
    yield from said
    yield from clauses[1:]
    yield from clauses[:1]


def promised_in(text: str, promises: Sequence[Promise]) -> list[Span]:
    """Return the sentence of each promise."""
    if not promises:
        return []
    sentences = passages(text, QUOTE)
    return [_span(text, *passage_at(sentences, promise.start)) for promise in promises]


def _clause(text: str, topic: Topic, sentences: Sequence[tuple[int, int]]) -> Span:
    """Return the clause of a topic, or its whole sentence if the clause hardly says a thing."""
    clause = topic.start, topic.end
    return _span(
        text, *(clause if says_something(text, clause) else passage_at(sentences, topic.start))
    )


def _span(text: str, start: int, end: int) -> Span:
    end = min(end, start + QUOTE)
    return Span(start, end, text[start:end])
