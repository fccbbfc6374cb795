"""Splits texts into passages that can be quoted: sentences, and parts of long ones."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]
"""A span `[start, end)` of a text, in characters."""

_END: Final = re.compile(r"""[.!?…]+["'”’»)\]]*\s*|\s*\n\s*""")
_PAUSE: Final = re.compile(r"(?<=[,;:–—])\s+")
_BLANK: Final = re.compile(r"\s+")
_THREE_WORDS: Final = re.compile(r"\w+\W+\w+\W+\w")


def passages(text: str, longest: int) -> list[Span]:
    """Return the sentences of a text in order, without blanks around them.

    A sentence of more than `longest` characters is cut into parts of about the same length: at
    pauses, else between words.
    """
    found: list[Span] = []
    start = 0
    for end, after in chain(_ends(text), [(len(text), len(text))]):
        if text[start:end].strip():
            start += len(text[start:end]) - len(text[start:end].lstrip())
            end -= len(text[start:end]) - len(text[start:end].rstrip())
            found += _parts(text, start, end, longest)
        start = after
    return found


def passage_at(spans: Sequence[Span], place: int) -> Span:
    """Return the passage in which a place of the text is, of at least one."""
    return spans[max(0, bisect_right(spans, place, key=lambda span: span[0]) - 1)]


def says_something(text: str, span: Span) -> bool:
    """Return whether a span has three words: fewer name a thing ("ATM"), and no more."""
    return _THREE_WORDS.search(text, *span) is not None


def _ends(text: str) -> Iterator[Span]:
    """Yield the end of each sentence, and where the text goes on."""
    for match in _END.finditer(text):
        start, after = match.span()
        before, behind = text[start - 1 : start], text[after : after + 1]
        if match[0].isspace():
            # Pages that texts are copied from break their lines anywhere.
            ends = not (behind.islower() or behind in ("'", "’"))
        elif text[after - 1].isspace():
            initial = before.isupper() and not text[start - 2 : start - 1].isalpha()
            ends = not (initial or (before.isdigit() and behind.islower()))  # "T.C.", "31. madde"
        else:
            ends = not behind or (before.islower() and behind.isupper())  # "a.ş.", "1.620"
        if ends:
            yield start + len(match[0].rstrip()), after


def _parts(text: str, start: int, end: int, longest: int) -> Iterator[Span]:
    while end - start > longest:
        length = (end - start) / -(-(end - start) // longest)
        stop, after = _break_near(text, start, round(start + length), longest)
        yield start, stop
        start = after
    yield start, end


def _break_near(text: str, start: int, aim: int, longest: int) -> Span:
    """Return the gap between words nearest to `aim`, a pause if one is not far from it."""
    window = start + 1, min(start + longest + 1, len(text))
    pauses = [gap.span() for gap in _PAUSE.finditer(text, *window)]
    near = [gap for gap in pauses if abs(gap[0] - aim) <= longest // 4]
    gaps = near or [gap.span() for gap in _BLANK.finditer(text, *window)]
    return min(gaps, key=lambda gap: abs(gap[0] - aim), default=(start + longest,) * 2)
