"""Finds what says that a customer, or somebody close to them, is in danger.

A plain word and a figure of speech differ by what stands beside them, so a phrase counts only with
what must be near it and without what must not be.
"""

import re
from functools import cache
from typing import Final, NamedTuple

import msgspec

from pipeline.model.reading import NOT_MEANT, Intent
from pipeline.text import lexicon
from pipeline.text.normalise import Folded, fold
from pipeline.text.phrases import Phrases, Words, anywhere, patterns, words_of

NEAR: Final = 100
"""Characters before and after a phrase that are near it."""


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases that tell of a danger with one of `beside` near, if given, and none of `unless`."""

    phrases: list[str]
    beside: list[str] = []
    unless: list[str] = []


class Halves(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases of two lines that together tell of a danger."""

    who: list[str]
    what: list[str]


class DangerLexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signs by danger, the most telling danger first; the file explains how they are written.

    `lines` are dangers told in several lines, none of which is `not_meant`; sentences with
    `addressed` are said to a customer.
    """

    parts: dict[str, str]
    dangers: dict[str, list[Sign]]
    lines: dict[str, list[Halves]]
    not_meant: list[str]
    addressed: list[str]


class _Condition(NamedTuple):
    danger: str
    beside: re.Pattern[str] | None
    unless: re.Pattern[str] | None


_LEXICON: Final = lexicon.load("dangers", DangerLexicon)
_SIGNS: Final = {
    f"{danger}/{number}": (danger, sign)
    for danger, signs in _LEXICON.dangers.items()
    for number, sign in enumerate(signs)
}
_PHRASES: Final = Phrases(
    patterns({name: sign.phrases for name, (_, sign) in _SIGNS.items()}, _LEXICON.parts)
)
_PARTS: Final = Phrases(
    patterns(
        {
            f"{danger}/{number}/{half}": getattr(halves, half)
            for danger, pairs in _LEXICON.lines.items()
            for number, halves in enumerate(pairs)
            for half in ("who", "what")
        }
        | {NOT_MEANT: _LEXICON.not_meant},
        _LEXICON.parts,
    )
)
_ADDRESSED: Final = anywhere(_LEXICON.addressed, _LEXICON.parts)

DANGERS: Final = frozenset(_LEXICON.dangers)
"""Names of the dangers."""


@cache  # compiled when a phrase is first found: most are not for a while
def _condition(name: str) -> _Condition:
    danger, sign = _SIGNS[name]
    parts = _LEXICON.parts
    return _Condition(danger, anywhere(sign.beside, parts), anywhere(sign.unless, parts))


def find_dangers(folded: Folded, words: Words) -> dict[int, tuple[Intent, ...]]:
    """Return the dangers of the texts that have any, each once, by the number of the text."""
    found: dict[int, dict[str, Intent]] = {}
    bounds = [*folded.starts.tolist(), len(folded.codes)]
    for name, start, end in _PHRASES.find_all(words):
        danger, beside, unless = _condition(name)
        text, first, last = folded.span(start, end)
        near = max(bounds[text], start - NEAR), min(bounds[text + 1], end + NEAR)
        if (beside and not beside.search(folded.text, *near)) or (
            unless and unless.search(folded.text, *near)
        ):
            continue
        found.setdefault(text, {}).setdefault(danger, Intent(danger, first, last))
    return {text: tuple(dangers.values()) for text, dangers in found.items()}


def find_parts(folded: Folded, words: Words) -> dict[int, tuple[str, ...]]:
    """Return the halves of dangers that short texts tell, sorted, by the number of the text."""
    is_short = folded.lengths <= NEAR + 2  # with its separators
    found: dict[int, set[str]] = {}
    if is_short.any():
        owners = folded.owners(words.places)
        for name, start, _ in _PARTS.find_all(words.of(is_short[owners])):
            found.setdefault(int(folded.owners(start)), set()).add(name)
    return {text: tuple(sorted(parts)) for text, parts in found.items()}


def addresses_customer(sentence: str) -> bool:
    """Return whether a sentence of the company is said to the customer."""
    return bool(_ADDRESSED and _ADDRESSED.search(fold([sentence]).text))


def tells_of_danger(text: str) -> bool:
    """Return whether a text has a sign of any danger."""
    folded = fold([text])
    return bool(find_dangers(folded, words_of(folded)))
