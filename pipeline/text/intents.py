"""What authors say they will do: phrases of a lexicon, found in any way of typing them."""

from collections.abc import Sequence
from typing import Final

import msgspec

from pipeline.reading import Intent
from pipeline.text import lexicon
from pipeline.text.normalise import Folded, fold
from pipeline.text.phrases import Phrases, Words, patterns, words_of


class Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Intents by name, the most telling first; see the file for how phrases are written."""

    urgent: frozenset[str]
    sincere: frozenset[str]
    parts: dict[str, str]
    intents: dict[str, list[str]]


_LEXICON: Final = lexicon.load("intents", Lexicon)
URGENT: Final = _LEXICON.urgent
"""Intents upon which somebody must act at once."""


def find_intents(
    folded: Folded, words: Words, negative: Sequence[bool]
) -> list[tuple[Intent, ...]]:
    """Return the intents of each text in order, with their spans in the text as given.

    `negative` says of each text whether it is: there praise is irony, and left out.
    """
    found: list[tuple[Intent, ...]] = [()] * len(folded.starts)
    for name, start, end in _PHRASES.find(words):
        text, first, last = folded.span(start, end)
        if not (negative[text] and name in _LEXICON.sincere):
            found[text] += (Intent(name, first, last),)
    return found


def cannot_wait(texts: Sequence[str]) -> list[bool]:
    """Say of each text whether it holds an urgent intent: much cheaper than to read it."""
    folded = fold(texts)
    urgent = [False] * len(texts)
    for _, start, _ in _URGENT_PHRASES.find(words_of(folded)):
        urgent[int(folded.owners(start))] = True
    return urgent


_PHRASES: Final = Phrases(patterns(_LEXICON.intents, _LEXICON.parts))
_URGENT_PHRASES: Final = Phrases(
    patterns({name: _LEXICON.intents[name] for name in sorted(URGENT)}, _LEXICON.parts)
)
