"""Finds intents of customers, dangers first, and acts of the company, however they are typed."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from pipeline.model.reading import Intent, Label
from pipeline.text import lexicon
from pipeline.text.dangers import DANGERS, find_dangers
from pipeline.text.normalise import PICTURES, Folded, fold
from pipeline.text.own_words import hints_at_others, own_words
from pipeline.text.phrases import Matches, Phrases, patterns, words_of


class IntentLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Intents by name, most telling first; the file explains how phrases are written."""

    urgent: frozenset[str]
    sincere: frozenset[str]
    pictures: dict[str, list[str]]
    parts: dict[str, str]
    intents: dict[str, list[str]]


class ActLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conversational acts of the company by name; the file explains how phrases are written."""

    parts: dict[str, str]
    acts: dict[str, list[str]]


_LEXICON: Final = lexicon.load("intents", IntentLexicon)
INTENTS: Final = frozenset(_LEXICON.intents)
"""Names of the intents of customers, but for dangers."""
URGENT: Final = _LEXICON.urgent | DANGERS
"""Intents that need action at once."""


def find_intents(folded: Folded, matches: Matches) -> list[tuple[Intent, ...]]:
    """Return the intents of each text, dangers first, with their spans in the text as given."""
    found = _placed(matches.of(PHRASES), folded)
    for text, dangers in find_dangers(folded, matches.words).items():
        found[text] = (*dangers, *found[text])
    for name, pictures in _PICTURES.items():
        for match in pictures.finditer(folded.text):
            text, first, last = folded.span(*match.span())
            if not folded.text[folded.starts[text] : match.start()].strip():
                found[text] += (Intent(name, first, last),)
    return found


def find_acts(folded: Folded, matches: Matches) -> list[tuple[Intent, ...]]:
    """Return what each turn of the company does, in order, with the spans in the text as given."""
    return _placed(matches.of(ACTS), folded)


def _placed(matches: Sequence[tuple[str, int, int]], folded: Folded) -> list[tuple[Intent, ...]]:
    found: list[tuple[Intent, ...]] = [()] * len(folded.starts)
    for name, start, end in matches:
        text, first, last = folded.span(start, end)
        found[text] += (Intent(name, first, last),)
    return found


def sincere(intents: tuple[Intent, ...], label: Label) -> tuple[Intent, ...]:
    """Drop ironic intents: praise in a negative text."""
    if label != "negative":
        return intents
    return tuple([intent for intent in intents if intent.name not in _LEXICON.sincere])


def cannot_wait(texts: Sequence[str]) -> list[bool]:
    """Return for each text whether its author has an urgent intent; far cheaper than a reading."""
    urgent = _are_urgent(texts)
    for number, text in enumerate(texts):
        if urgent[number] and hints_at_others(text):
            (urgent[number],) = _are_urgent([own_words(text).text])
    return urgent


def _are_urgent(texts: Sequence[str]) -> list[bool]:
    folded = fold(texts)
    words = words_of(folded)
    urgent = [False] * len(texts)
    for _, start, _ in _URGENT_PHRASES.find(words):
        urgent[int(folded.owners(start))] = True
    for text in find_dangers(folded, words):
        urgent[text] = True
    return urgent


def _ending(classes: Sequence[str]) -> re.Pattern[str]:
    """Return the pattern of pictures of these classes with which a text ends."""
    tokens = "".join(PICTURES[name].token for name in classes)
    return re.compile(rf"[{tokens}](?:[{tokens}!., ]*[{tokens}!.,])?(?= ?\n)")


_PICTURES: Final = {name: _ending(classes) for name, classes in _LEXICON.pictures.items()}
_ACT_LEXICON: Final = lexicon.load("acts", ActLexicon)
ACTS: Final = Phrases(patterns(_ACT_LEXICON.acts, _ACT_LEXICON.parts))
PHRASES: Final = Phrases(patterns(_LEXICON.intents, _LEXICON.parts))
_URGENT_PHRASES: Final = Phrases(
    patterns({name: _LEXICON.intents[name] for name in sorted(_LEXICON.urgent)}, _LEXICON.parts)
)
