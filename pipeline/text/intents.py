"""What authors say they will do: phrases of a lexicon, found in any way of typing them."""

from collections.abc import Sequence
from typing import Final

import msgspec

from pipeline.model.reading import Intent, Label
from pipeline.text import lexicon
from pipeline.text.normalise import Folded, fold
from pipeline.text.phrases import Phrases, Words, patterns, words_of


class IntentLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Intents by name, the most telling first; see the file for how phrases are written."""

    urgent: frozenset[str]
    sincere: frozenset[str]
    parts: dict[str, str]
    intents: dict[str, list[str]]


_LEXICON: Final = lexicon.load("intents", IntentLexicon)
URGENT: Final = _LEXICON.urgent
"""Intents upon which somebody must act at once."""


def find_intents(folded: Folded, words: Words) -> list[tuple[Intent, ...]]:
    """Return the intents of each text in order, with their spans in the text as given."""
    found: list[tuple[Intent, ...]] = [()] * len(folded.starts)
    for name, start, end in _PHRASES.find(words):
        text, first, last = folded.span(start, end)
        found[text] += (Intent(name, first, last),)
    return found


def sincere(intents: tuple[Intent, ...], label: Label) -> tuple[Intent, ...]:
    """Return the intents of a text without its irony: in a negative text that is what praise is."""
    if label != "negative":
        return intents
    return tuple([one for one in intents if one.name not in _LEXICON.sincere])


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
