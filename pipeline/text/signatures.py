"""Finds the lines of a message that are no words of its author: signatures, notices, "sent from".

A line is a span of a page, as in `quotations`.
"""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from pipeline.text.letter_patterns import LEXICON, Span, any_in, forms_of, pattern, plain

_MOST_LINES: Final = 10
"""Of a signature."""
_MOST_WORDS: Final = 8
"""Of a line of it."""
_MOST_OF_A_NOTICE: Final = 40
"""Lines."""


def without_added_lines(page: str, lines: Sequence[Span]) -> list[Span]:
    """Drop what programs say about themselves, as in "sent from my iPhone"."""
    kept = [line for line in lines if not _ADDED.fullmatch(_bare(page, line))]
    if kept and (behind := _ADDED_BEHIND.search(page, *kept[-1])):
        kept[-1] = kept[-1][0], behind.start("added")
    return kept


def without_notices(page: str, lines: Sequence[Span]) -> list[Span]:
    """Drop paragraphs that begin as a notice and hold what such a notice must."""
    kept: list[Span] = []
    place = 0
    while place < len(lines):
        stop = _end_of_notice(page, lines, place)
        if stop == place:
            kept.append(lines[place])
            stop += 1
        place = stop
    return kept


def _end_of_notice(page: str, lines: Sequence[Span], start: int) -> int:
    """Return where the notice ends that begins at a line, `start` where there is none."""
    line = _bare(page, lines[start])
    begun = [holds for begins, holds in _NOTICES if begins.match(line)]
    if not begun:
        return start
    stop, last = start + 1, min(len(lines), start + _MOST_OF_A_NOTICE)
    while stop < last and _bare(page, lines[stop]):
        stop += 1
    paragraph = page[lines[start][0] : lines[stop - 1][1]]
    is_notice = any(all(one.search(paragraph) for one in holds) for holds in begun)
    return stop if is_notice else start


def without_signature(text: str, page: str, lines: Sequence[Span]) -> list[Span]:
    """Drop the closing words of a letter, and the lines of a signature below them.

    `text` is the page as it was typed.
    """
    kept = list(lines)
    while (end := _end_of_letter(text, page, kept)) is not None:
        while kept and kept[-1][1] > end:
            start, _ = kept.pop()
            if start < end:
                kept.append((start, end))
    return kept


def _end_of_letter(text: str, page: str, lines: Sequence[Span]) -> int | None:
    """Return where a signature begins, None where there is none."""
    written = (line for line in reversed(lines) if page[slice(*line)].strip())
    last = list(islice(written, _MOST_LINES + 1))
    for start, stop in last:
        if text[start:stop].rstrip("\r\n") == _DELIMITER:
            return start
    below: list[str] = []
    for start, stop in last:
        line = page[start:stop].rstrip()
        if line in _RULES and below and not any(map(_is_shouted_name, below)):
            return start
        found = _CLOSING.search(line)
        name = text[start:stop][found.start("name") :].strip(" \t\r\n*,.") if found else ""
        if found and found["closing"]:
            signed = [name, *below] if name else below
            is_shouted = text[slice(start + found.start("closing"), stop)].isupper()
            if all(map(_is_signature, signed)) and (
                is_shouted or not any(map(_is_shouted_name, signed))
            ):
                return start + found.start("closing")
        if found and found["thanks"] and not name and any(map(_is_contact, below)):
            return stop
        below.append(text[start:stop].strip(" \t\r\n*_|"))
        if not _is_signature(below[-1]):
            break
    return None


def _is_signature(line: str) -> bool:
    return any(is_one(line) for is_one in (_is_contact, _is_name, _is_shouted_name, _is_company))


def _is_contact(line: str) -> bool:
    return len(line.split()) <= _MOST_WORDS and _CONTACT.match(plain(line)) is not None


def _is_company(line: str) -> bool:
    """Return whether a line begins with the name of a company; its slogan may follow."""
    found = _COMPANY.match(plain(line))
    return found is not None and _is_named(line[: found.end()]) and not _DEMANDS.search(plain(line))


def _is_name(line: str) -> bool:
    """Return whether all words of a line begin with a capital, and not all are shouted."""
    return (
        _is_named(line)
        and any(word[:2].istitle() for word in _WORDS.findall(line))
        and _NO_NAME.search(plain(line)) is None
    )


def _is_shouted_name(line: str) -> bool:
    """Return whether a line is two or three words in capitals, as names below `SAYGILARIMLA`."""
    return (
        line.isupper() and _is_named(line) and 1 < len(line.split()) < 4 and not _is_contact(line)
    )


def _is_named(line: str) -> bool:
    """Return whether all words of a line begin with a capital, and none says what it wants."""
    words = _WORDS.findall(line)
    return (
        0 < len(words) <= _MOST_WORDS
        and not line.endswith(("!", "?"))
        and _DEMANDS.search(plain(line)) is None
        and all(word[0].isupper() or word[0].isdigit() or word in LEXICON.joining for word in words)
    )


def _bare(page: str, line: Span) -> str:
    return page[slice(*line)].strip(" \t\n*_|.-–—")


_added = any_in(LEXICON.added_lines)
_link = r"(?:[ \t]?(?:[<(\[]{1,2}|https?://)[^\s<]{1,300})?"
_ADDED: Final = re.compile(_added + _link)
_ADDED_BEHIND: Final = re.compile(rf"[.!?…)][ \t]{{1,3}}(?P<added>{_added}{_link})[\s.!]*\Z")
_NOTICES: Final = forms_of(LEXICON.notices)
_DELIMITER: Final = "-- "
"""Of RFC 3676: all below it is a signature."""
_RULES: Final = ("--", "—", "---", "–")
_CLOSING: Final = re.compile(
    rf"(?:^|[.!?…]\s)[ \t*]*(?:(?P<closing>{pattern(LEXICON.closings)})"
    rf"|(?P<thanks>{pattern(LEXICON.thanks)}))(?=[\s,.!*]|$)[ \t,.!*]*(?P<name>[^\n]*)$"
)
_CONTACT: Final = re.compile(pattern(LEXICON.contact))
_COMPANY: Final = re.compile(pattern(LEXICON.company))
_NO_NAME: Final = re.compile(LEXICON.no_names)
_DEMANDS: Final = re.compile(pattern(LEXICON.demands))
_WORDS: Final = re.compile(r"[^\W_][^\s/|,;()]*")
