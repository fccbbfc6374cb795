"""Finds the topics of a text clause by clause, and the label of each."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec
import numpy as np

from pipeline.common.titles import Titles
from pipeline.model.reading import Label, Topic
from pipeline.text import lexicon
from pipeline.text.clauses import Clauses
from pipeline.text.phrases import Matches, Phrases, patterns


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A topic of the taxonomy and its phrases."""

    title: Titles
    phrases: list[str]


class Taxonomy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Topics by name; the file explains how phrases are written."""

    parts: dict[str, str]
    topics: dict[str, Subject]


TAXONOMY: Final = lexicon.load("topics", Taxonomy)
PHRASES: Final = Phrases(
    patterns({name: topic.phrases for name, topic in TAXONOMY.topics.items()}, TAXONOMY.parts)
)


Span: TypeAlias = tuple[int, int, int]
"""The number of a text, and the characters of a clause in it."""


def find_topics(
    texts: Sequence[str],
    mentions: Sequence[tuple[Span, str]],
    labels: Sequence[Label],
    read: Callable[[Sequence[str], Sequence[int]], Sequence[Label]],
) -> list[tuple[Topic, ...]]:
    """Return the topics of each text in order, given the clauses that mention them.

    A clause has its text's label, unless more than one of the text is about something: then `read`
    is asked, once for all texts: clauses, and the number of the text that each is of.
    """
    clauses: dict[int, set[Span]] = defaultdict(set)
    for span, _ in mentions:
        clauses[span[0]].add(span)
    several = [span for spans in clauses.values() if len(spans) > 1 for span in spans]
    written = [texts[text][start:end] for text, start, end in several]
    answers = read(written, [text for text, *_ in several]) if several else ()
    own = dict(zip(several, answers, strict=True))
    topics: list[dict[tuple[str, Label], Topic]] = [{} for _ in texts]
    for (text, start, end), name in mentions:
        label = own.get((text, start, end), labels[text])
        topics[text].setdefault((name, label), Topic(name, label, start, end))
    return [tuple(of_text.values()) for of_text in topics]


def find_mentions(matches: Matches, clauses: Clauses) -> list[tuple[int, str]]:
    """Return the number of the clause and the topic of each phrase, in order."""
    said = [(start, name) for name, start, _ in matches.of(PHRASES, overlapping=True)]
    of_each = np.searchsorted(clauses.starts, [start for start, _ in said], side="right") - 1
    return list(zip(of_each.tolist(), [name for _, name in said], strict=True))
