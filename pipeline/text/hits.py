"""What the phrases of the lexicons find in a batch, for heads to weigh."""

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.text import intensity, intents, topics, urgency
from pipeline.text.phrases import Matches, Phrases

LEXICONS: Final[Mapping[str, Phrases]] = {
    "intent": intents.PHRASES,
    "topic": topics.PHRASES,
    "urgency": urgency.PHRASES,
    "mood": intensity.PHRASES,
}
"""Lexicons of all texts, by kind."""


def names_of_hits() -> list[str]:
    """Return the names of all phrases as `find_hits` gives them."""
    lexicons = {**LEXICONS, "act": intents.ACTS}
    return sorted(f"{kind}:{name}" for kind, of_kind in lexicons.items() for name in of_kind.names)


def find_hits(matches: Matches, of_company: Matches) -> Iterator[tuple[str, int]]:
    """Yield `KIND:NAME` and the place in the batch of each phrase, lexicon by lexicon.

    Acts are sought in the turns `of_company` alone.
    """
    for kind, phrases in LEXICONS.items():
        for name, start, _ in matches.of(phrases, overlapping=kind == "topic"):
            yield f"{kind}:{name}", start
    for name, start, _ in of_company.of(intents.ACTS):
        yield f"act:{name}", start
