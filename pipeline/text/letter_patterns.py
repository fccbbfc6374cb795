"""Patterns of what programs add to messages: `data/own_words.yaml`, and how they are read."""

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final, TypeAlias

import msgspec

from pipeline.text import lexicon

Span: TypeAlias = tuple[int, int]
_Lists: TypeAlias = Mapping[str, list[str]]


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a notice begins, and what it must hold."""

    begins: list[str]
    holds: list[str]


class Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, which says what each part of it is."""

    hints: list[str]
    colon_hints: list[str]
    line_hints: str
    parts: Mapping[str, str]
    attributions: _Lists
    likely_attributions: list[str]
    attribution_ends: str
    dashed: Mapping[str, str]
    separators: _Lists
    labels: _Lists
    added_lines: _Lists
    notices: Mapping[str, Notice]
    closings: str
    thanks: str
    contact: str
    joining: frozenset[str]
    no_names: str
    translated: str
    original: str


LEXICON: Final = lexicon.load("own_words", Lexicon)
WORD: Final = re.compile(r"\w")

_LETTERS: Final = str.maketrans(
    "İIıÇçĞğÖöŞşÜüÂâÎîÛûÄä\u00a0\u200b\ufeff\r’‘“”", "iiiccggoossuuaaiiuuaa    ''\"\""
)
_BLANK: Final = re.compile(r"(\[(?:\\.|[^\]\\])*\]|\\.)| (?=([?*+{])?)")


def plain(text: str) -> str:
    """Return the text in small letters from a to z, each where it stood."""
    return text.translate(_LETTERS).lower()


def pattern(text: str) -> str:
    """Return a pattern of the file as `re` reads it."""
    for name, part in LEXICON.parts.items():
        text = text.replace(f"{{{name}}}", part)
    return _BLANK.sub(lambda found: found[1] or r"[ \t\n]" + ("" if found[2] else "{1,3}"), text)


def any_of(texts: Iterable[str]) -> str:
    """Return a pattern for one of several."""
    return "(?:" + "|".join(map(pattern, texts)) + ")"


def any_in(lists: Mapping[str, Iterable[str]]) -> str:
    """Return a pattern for one of several lists."""
    return any_of(chain.from_iterable(lists.values()))
