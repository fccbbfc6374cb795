"""Tells what the author of a text wrote from what programs and other people put beside it.

Mail holds quoted replies, signatures, notices of lawyers, "sent from my iPhone". Their feelings are
not the author's. The patterns are in `data/own_words.yaml`. A sentence of the author must never be
lost, so what is not certain stays; so does all of a text of which nothing else would be left.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

import msgspec

from pipeline.text import lexicon

Span: TypeAlias = tuple[int, int]
_ByName: TypeAlias = Mapping[str, Sequence[str]]


class OwnWords(NamedTuple):
    """What is left of a text, and the spans of the text that it is made of."""

    text: str
    spans: tuple[Span, ...]

    def place(self, start: int, end: int) -> Span:
        """Return where in the whole text the characters `[start, end)` of these words stand."""
        parts = list(_within(self.spans, start, end))
        return parts[0][0], parts[-1][1]


def _within(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    """Yield the parts of spans that `[start, end)` of what they join is made of."""
    for first, stop in spans:
        part = first + max(start, 0), min(stop, first + end)
        if part[0] < part[1]:
            yield part
        start, end = start - (stop - first), end - (stop - first)


class _Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    begins: list[str]
    holds: list[str]


class _Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parts: dict[str, str]
    attributions: dict[str, list[str]]
    likely_attributions: dict[str, list[str]]
    dashed: dict[str, str]
    separators: dict[str, list[str]]
    labels: dict[str, list[str]]
    added_lines: dict[str, list[str]]
    notices: dict[str, _Notice]
    closings: str
    thanks: str
    contact: str
    joining: frozenset[str]
    no_names: str


_LEXICON: Final = lexicon.load("own_words", _Lexicon)
_MOST_OF_A_SIGNATURE: Final = 10
_MOST_OF_A_NOTICE: Final = 40
"""Lines."""


def own_words(text: str) -> OwnWords:
    """Return what the author of a text wrote; all of it where that is not told apart."""
    own = OwnWords(text, ((0, len(text)),))
    while _hints_at_others(own.text):
        kept = _kept(own.text)
        left = "".join(own.text[start:end] for start, end in kept)
        if left == own.text or not _WORD.search(left):
            break
        spans = (part for span in kept for part in _within(own.spans, *span))
        own = OwnWords(left, tuple(spans))
    return own


def _hints_at_others(text: str) -> bool:
    """Return whether it is worth a closer look: of most texts it is not."""
    return ("\n" in text and _LINE_HINT.search(text) is not None) or any(
        hint in text for hint in _HINTS
    )


def _kept(text: str) -> list[Span]:
    """Return the spans that no rule takes away."""
    plain = _plain(text)
    lines = _lines(plain, _beside(_quoted(plain), len(plain)))
    lines = [line for line in lines if not _ADDED.fullmatch(_bare(plain, line))]
    lines = _without_notices(plain, lines)
    return _without_signature(text, plain, lines)


def _plain(text: str) -> str:
    """Return the text in small letters from a to z, each where it stood."""
    return text.translate(_LETTERS).lower()


def _bare(text: str, line: Span) -> str:
    return text[slice(*line)].strip(" \t\n*_|.-–—")


def _beside(spans: Iterable[Span], length: int) -> list[Span]:
    """Return what is not in the spans, which are in order."""
    kept, end = [], 0
    for start, stop in spans:
        if end < start:
            kept.append((end, start))
        end = max(end, stop)
    return [*kept, (end, length)] if end < length else kept


def _lines(plain: str, spans: Iterable[Span]) -> list[Span]:
    return [
        (start + line.start(), start + line.end())
        for start, end in spans
        for line in _LINE.finditer(plain[start:end])
    ]


def _quoted(plain: str) -> Iterator[Span]:
    """Yield what is quoted, in order, with the lines that say so.

    Below such a line all is quoted, unless quoted lines are marked: then others may be answers. If
    nothing stands above it, the author forwards or answers below, and what follows stays.
    """
    end, is_answer = 0, False
    for match in _QUOTATION.finditer(plain):
        start, stop = match.span()
        is_answer = is_answer or _WORD.search(plain, end, start) is not None
        if is_answer and match["header"] and not _MARKED.match(plain, stop):
            yield start, len(plain)
            return
        yield start, stop
        end = stop


def _without_notices(plain: str, lines: Sequence[Span]) -> list[Span]:
    """Drop paragraphs that begin as a notice and hold what such a notice must."""
    kept: list[Span] = []
    place = 0
    while place < len(lines):
        line = _bare(plain, lines[place])
        stop = place + 1
        if begun := [holds for begins, holds in _NOTICES if begins.match(line)]:
            last = min(len(lines), place + _MOST_OF_A_NOTICE)
            while stop < last and _bare(plain, lines[stop]):
                stop += 1
            paragraph = plain[lines[place][0] : lines[stop - 1][1]]
            if any(all(one.search(paragraph) for one in holds) for holds in begun):
                place = stop
                continue
            stop = place + 1
        kept += lines[place:stop]
        place = stop
    return kept


def _without_signature(text: str, plain: str, lines: Sequence[Span]) -> list[Span]:
    """Drop the closing words of a letter, and the lines of a signature below them."""
    filled = [line for line in lines if plain[slice(*line)].strip()]
    below: list[str] = []
    for start, stop in reversed(filled[-_MOST_OF_A_SIGNATURE - 1 :]):
        line = plain[start:stop].rstrip("\r\n")
        if line.rstrip() in _RULES and (below or line == "-- "):
            return _up_to(lines, start)
        found = _CLOSING.search(line)
        name = text[start:stop][found.start("name") :].strip(" \t\n*,.") if found else ""
        if found and found["closing"] and (not name or _is_name(name)):
            return _up_to(lines, start + found.start("closing"))
        if found and found["thanks"] and not name and any(map(_CONTACT.match, map(_plain, below))):
            return _up_to(lines, stop)
        below.append(text[start:stop].strip(" \t\r\n*_|"))
        if not _is_of_a_signature(below[-1]):
            break
    return list(lines)


def _up_to(lines: Sequence[Span], end: int) -> list[Span]:
    return [(start, min(stop, end)) for start, stop in lines if start < end]


def _is_of_a_signature(line: str) -> bool:
    plain = _plain(line)
    is_short = len(plain.split()) <= _MOST_WORDS
    return (is_short and _CONTACT.match(plain) is not None) or _is_name(line)


def _is_name(line: str) -> bool:
    """Return whether all words of a line begin with a capital, and not all are shouted."""
    words = _WORDS.findall(line)
    return (
        0 < len(words) <= _MOST_WORDS
        and not line.endswith(("!", "?"))
        and _NO_NAME.search(_plain(line)) is None
        and any(word[:2].istitle() for word in words)
        and all(
            word[0].isupper() or word[0].isdigit() or word in _LEXICON.joining for word in words
        )
    )


def _filled(pattern: str) -> str:
    """Return a pattern of the file as `re` reads it."""
    for name, part in _PARTS.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return _BLANK.sub(lambda found: found[1] or r"[ \t\n]" + ("" if found[2] else "{1,3}"), pattern)


def _any(patterns: Iterable[str]) -> str:
    return "(?:" + "|".join(map(_filled, patterns)) + ")"


def _all(lists: Mapping[str, Iterable[str]]) -> str:
    return _any(chain.from_iterable(lists.values()))


def _block() -> str:
    """Return the pattern of lines with labels: from whom, when, about what."""
    labels = {
        name: rf"[ \t*_>]{{0,4}}{_any(those)}[ \t*_]{{0,3}}:"
        for name, those in _LEXICON.labels.items()
    }
    when = rf"\n{labels['sent']}[^\n]{{0,60}}{_filled('{time}')}[^\n]*"
    about, others = rf"\n{labels['subject']}[^\n]*", r"(?:\n[^\n]{0,300}){0,6}?"
    return (
        rf"^{labels['from']}[^\n]*(?:{others}{when}{others}{about}|{others}{about}{others}{when})"
        rf"(?:\n+{labels['to']}[^\n]*){{0,4}}"
    )


_PARTS: Final = _LEXICON.parts
_BLANK: Final = re.compile(r"(\[(?:\\.|[^\]\\])*\]|\\.)| (?=([?*+{]))?")
_LETTERS: Final = str.maketrans(
    "İIıÇçĞğÖöŞşÜüÂâÎîÛûÄä\u00a0\u200b\ufeff\r’‘“”", "iiiccggoossuuaaiiuuaa    ''\"\""
)
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_WORD: Final = re.compile(r"\w")
_WORDS: Final = re.compile(r"[^\W_][^\s/|,;()]*")
_MOST_WORDS: Final = 8
_RULES: Final = ("--", "—", "---", "–")
_MARK: Final = r"[ \t]*>(?![:;=_.<)(-]|\d)[^\n]*(?:\n|\Z)"
_MARKED: Final = re.compile(rf"\s*^{_MARK}", re.MULTILINE)
_QUOTATION: Final = re.compile(
    rf"^(?:{_MARK})+|(?P<header>(?:^[ \t]*[_-]{{5,}}[ \t]*\n\s{{0,4}})?(?:"
    rf"(?<!\S){_all(_LEXICON.attributions)}"
    rf"|^{_all(_LEXICON.likely_attributions)} ?:\s*?\n(?=\s*?^{_MARK})"
    rf"|^[ \t*>]*-{{2,}} ?{_any(_LEXICON.dashed.values())} ?-{{2,}}[ \t*]*$"
    rf"|^[ \t*]*{_all(_LEXICON.separators)}[ \t*]*$"
    rf"|{_block()}))",
    re.MULTILINE | re.DOTALL,
)
_ADDED: Final = re.compile(rf"{_all(_LEXICON.added_lines)}(?: ?[<(\[]{{0,2}}https?://\S{{1,300}})?")
_NOTICES: Final = [
    (re.compile(_any(one.begins)), [re.compile(_filled(held)) for held in one.holds])
    for one in _LEXICON.notices.values()
]
_CLOSING: Final = re.compile(
    rf"(?:^|[.!?…]\s)[ \t*]*(?:(?P<closing>{_filled(_LEXICON.closings)})"
    rf"|(?P<thanks>{_filled(_LEXICON.thanks)}))(?=[\s,.!*]|$)[ \t,.!*]*(?P<name>[^\n]*)$"
)
_CONTACT: Final = re.compile(_filled(_LEXICON.contact))
_NO_NAME: Final = re.compile(_LEXICON.no_names)
_HINTS: Final = ("wrote", "yazd", "schrieb", "aygılar", "egards", "önderildi", "Sent from")
_LINE_HINT: Final = re.compile(r"\n")
