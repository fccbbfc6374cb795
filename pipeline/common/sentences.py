"""Splits texts into passages that can be quoted: sentences, and parts of long ones."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]
"""A span `[start, end)` of a text, in characters."""

_LOWER, _UPPER = "a-zß-öø-ÿğış", "A-ZÀ-ÖØ-ÞĞİŞ"
_GAP: Final = re.compile(
    "|".join(
        [
            # Pages that texts are copied from break their lines anywhere.
            rf"\s*\n\s*+(?![{_LOWER}'’])",
            # "T.C. makamları" and "31. madde" are one sentence.
            rf"(?<=[.!?…])(?<!\W[{_UPPER}]\.)\s++(?:(?<!\d\.\s)|(?![{_LOWER}]))",
            r"""(?<=[.!?…]["'”’»)\]])\s+""",
            rf"(?<=[{_LOWER}][.!?])(?=[{_UPPER}][{_LOWER}])",
        ]
    )
)
"""What is between two sentences."""
_END: Final = re.compile(r"[.!?…\n]")
"""What is before every gap."""
_PAUSE: Final = re.compile(r"(?<=[,;:–—])\s+")
_BLANK: Final = re.compile(r"\s+")
_THREE_WORDS: Final = re.compile(r"\w+\W+\w+\W+\w")


def passages(text: str, longest: int) -> list[Span]:
    """Return the sentences of a text in order, without blanks around them.

    A sentence of more than `longest` characters is cut into parts of about the same length: at
    pauses, else between words.
    """
    last = len(text.rstrip())
    found: list[Span] = []
    start = len(text) - len(text.lstrip())
    if _END.search(text, start, last - 1):  # most texts are one sentence
        for end, after in [gap.span() for gap in _GAP.finditer(text, start, last)]:
            found.append((start, end))
            start = after
    found.append((start, last))
    if len(text) > longest:
        found = [part for span in found for part in _parts(text, *span, longest)]
    return [span for span in found if span[0] < span[1]]


def passage_at(spans: Sequence[Span], place: int) -> Span:
    """Return the passage in which a place of the text is, of at least one."""
    return spans[max(0, bisect_right(spans, place, key=lambda span: span[0]) - 1)]


def says_something(text: str, span: Span) -> bool:
    """Return whether a span has three words: fewer name a thing ("ATM"), and no more."""
    return _THREE_WORDS.search(text, *span) is not None


def _parts(text: str, start: int, end: int, longest: int) -> Iterator[Span]:
    while end - start > longest:
        length = (end - start) / -(-(end - start) // longest)
        stop, after = _break_near(text, start, round(start + length), longest)
        yield start, stop
        start = end - len(text[after:end].lstrip())  # a gap may be longer than what was looked at
    yield start, end


def _break_near(text: str, start: int, aim: int, longest: int) -> Span:
    """Return the gap between words nearest to `aim`, a pause if one is not far from it."""
    window = start + 1, min(start + longest + 1, len(text))
    pauses = [gap.span() for gap in _PAUSE.finditer(text, *window)]
    near = [gap for gap in pauses if abs(gap[0] - aim) <= longest // 4]
    gaps = near or [gap.span() for gap in _BLANK.finditer(text, *window)]
    return min(gaps, key=lambda gap: abs(gap[0] - aim), default=(start + longest,) * 2)
