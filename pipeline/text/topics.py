"""Finds the topics of a text clause by clause, and the label of each."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from pipeline.common.titles import Titles
from pipeline.model.reading import Label, Topic
from pipeline.text import lexicon
from pipeline.text.clauses import clauses_of
from pipeline.text.normalise import Folded
from pipeline.text.phrases import Phrases, Words, patterns


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


class Mention(NamedTuple):
    """A topic of the clause `[start, end)` of text number `text`."""

    text: int
    start: int
    end: int
    name: str


def find_topics(
    texts: Sequence[str],
    folded: Folded,
    words: Words,
    labels: Sequence[Label],
    read: Callable[[Sequence[str], Sequence[int]], Sequence[Label]],
) -> list[tuple[Topic, ...]]:
    """Return the topics of each text in order.

    A clause has its text's label, unless more than one of the text is about something: then `read`
    is asked, once for all texts: clauses, and the number of the text that each is of.
    """
    found = _mentions(folded, words)
    clauses: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for mention in found:
        clauses[mention.text].add((mention.start, mention.end))
    several = [(text, *span) for text, spans in clauses.items() if len(spans) > 1 for span in spans]
    written = [texts[text][start:end] for text, start, end in several]
    answers = read(written, [text for text, *_ in several]) if several else ()
    own = dict(zip(several, answers, strict=True))
    topics: list[dict[tuple[str, Label], Topic]] = [{} for _ in texts]
    for text, start, end, name in found:
        label = own.get((text, start, end), labels[text])
        topics[text].setdefault((name, label), Topic(name, label, start, end))
    return [tuple(of_text.values()) for of_text in topics]


def _mentions(folded: Folded, words: Words) -> list[Mention]:
    """Return the topics of the clauses in order."""
    said = [(start, name) for name, start, _ in PHRASES.find(words, overlapping=True)]
    if not said:
        return []
    clauses = clauses_of(folded, words)
    of_each = np.searchsorted(clauses.starts, [start for start, _ in said], side="right") - 1
    starts, stops = clauses.starts[of_each], clauses.stops[of_each]
    texts = folded.owners(starts)
    origins = folded.typed.starts[texts] + 1
    return list(
        map(
            Mention,
            texts.tolist(),
            (folded.places[starts] - origins).tolist(),
            (folded.places[stops] - origins).tolist(),
            [name for _, name in said],
        )
    )
