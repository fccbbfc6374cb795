"""Tells what the author of a text wrote from what programs and other people put beside it.

Mail holds quoted replies, signatures, notices of lawyers, "sent from my iPhone". Their feelings are
not the author's. The patterns are in `data/own_words.yaml`. A sentence of the author must never be
lost, so what is not certain stays; so does all of a text of which nothing else would be left.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from pipeline.text.automatic import is_automatic, may_be_automatic
from pipeline.text.letter_patterns import LEXICON, WORD, Span, plain
from pipeline.text.quotations import quoted, translated
from pipeline.text.signatures import without_added_lines, without_notices, without_signature


class OwnWords(NamedTuple):
    """What is left of a text, and the spans of the text that it is made of."""

    text: str
    spans: tuple[Span, ...]

    def place(self, start: int, end: int) -> Span:
        """Return where in the whole text the characters `[start, end)` of these words stand."""
        parts = list(_within(self.spans, start, end))
        return parts[0][0], parts[-1][1]


def own_words(text: str) -> OwnWords:
    """Return what the author of a text wrote; all of it where that is not told apart.

    Nothing of an automatic reply.
    """
    own = OwnWords(text, ((0, len(text)),))
    for _ in range(_ROUNDS):  # what is left may end in another signature
        if not hints_at_others(own.text):
            break
        if is_automatic(own.text):
            return OwnWords("", ())
        kept = _kept(own.text)
        left = "".join(own.text[start:end] for start, end in kept)
        if left == own.text or not WORD.search(left):
            break
        spans = (part for span in kept for part in _within(own.spans, *span))
        own = OwnWords(left, tuple(spans))
    return own


def original(text: str) -> str:
    """Return the words of the author where Google put its translation before or behind them."""
    page = "\n" + plain(text)
    left = "".join(text[start - 1 : end - 1] for start, end in _beside(translated(page), len(page)))
    return left.strip() if WORD.search(left) else text


def hints_at_others(text: str) -> bool:
    """Return whether a closer look at a text is worth its time: at most texts it is not."""
    has = text.__contains__
    return (
        any(map(has, LEXICON.hints))
        or may_be_automatic(text)
        or (":" in text and any(map(has, LEXICON.colon_hints)))
        or ("\n" in text and _LINE_HINT.search("\n" + text) is not None)
    )


def _kept(text: str) -> list[Span]:
    """Return the spans that no rule takes away."""
    page = "\n" + plain(text)
    others = sorted([*quoted(page), *translated(page)])
    lines = [
        line.span()
        for start, end in _beside(others, len(page))
        for line in _LINE.finditer(page, start, end)
    ]
    lines = without_notices(page, without_added_lines(page, lines))
    lines = without_signature("\n" + text, page, lines)
    return _joined((start - 1, end - 1) for start, end in lines)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans, those that touch each other as one."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            start, _ = joined.pop()
        joined.append((start, end))
    return joined


def _beside(spans: Iterable[Span], length: int) -> Iterator[Span]:
    """Yield what of a page is not in the spans, which are in order."""
    end = 1
    for start, stop in spans:
        if end < start:
            yield end, start
        end = max(end, stop)
    if end < length:
        yield end, length


def _within(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    """Yield the parts of spans that `[start, end)` of what they join is made of."""
    for first, stop in spans:
        part = first + max(start, 0), min(stop, first + end)
        if part[0] < part[1]:
            yield part
        start, end = start - (stop - first), end - (stop - first)


_ROUNDS: Final = 8
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_LINE_HINT: Final = re.compile(rf"\n[ \t\r*]*(?:{LEXICON.line_hints})", re.IGNORECASE)
