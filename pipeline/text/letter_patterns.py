"""Patterns of what programs add to messages: `data/own_words.yaml`, and how they are read."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

import msgspec

from pipeline.text import lexicon

Span: TypeAlias = tuple[int, int]
_Lists: TypeAlias = Mapping[str, list[str]]


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a notice, or an automatic reply, begins, and what it must hold."""

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
    leads_in: str
    heads_a_form: str
    no_lead: str
    labels: _Lists
    added_lines: _Lists
    notices: Mapping[str, Notice]
    closings: str
    thanks: str
    contact: str
    company: str
    joining: frozenset[str]
    no_names: str
    demands: str
    openings: str
    early_hints: str
    automatic: Mapping[str, Notice]
    automatic_titles: _Lists
    translated: str
    original: str


LEXICON: Final = lexicon.load("own_words", Lexicon)
WORD: Final = re.compile(r"[^\W_]")

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


class Form(NamedTuple):
    """The compiled patterns of a `Notice`."""

    begins: re.Pattern[str]
    holds: Sequence[re.Pattern[str]]


def forms_of(notices: Mapping[str, Notice]) -> list[Form]:
    """Return the compiled patterns of notices."""
    return [
        Form(re.compile(any_of(one.begins)), [re.compile(pattern(held)) for held in one.holds])
        for one in notices.values()
    ]


def any_in(lists: Mapping[str, Iterable[str]]) -> str:
    """Return a pattern for one of several lists."""
    return any_of(chain.from_iterable(lists.values()))
