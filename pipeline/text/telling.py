"""Finds the passage of a text that speaks most against the company."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.common.sentences import Span, passages, says_something
from pipeline.model.reading import LABELS, QUOTE, Label, Passage
from pipeline.text import lexicon


class Formulas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences that say nothing of the matter; the file explains how they are written."""

    parts: dict[str, str]
    formulas: list[str]


MOST: Final = 40
"""Maximum number of passages of a text that are compared, the first ones."""
_WORD: Final = re.compile(r"\w")
_NEGATIVE: Final = LABELS.index("negative")

Judge = Callable[[Sequence[str], Sequence[int]], NDArray[np.floating]]
"""Takes passages, and the number of the text that each is of. Returns shape (passages, 3), columns
as in `LABELS`."""


def _any_of(formulas: Formulas) -> re.Pattern[str]:
    whole = "|".join(formulas.formulas)
    for name, part in formulas.parts.items():
        whole = whole.replace(f"{{{name}}}", part)
    return re.compile(rf"\W*(?:{whole})\W*".replace(" ", r"\s+"), re.IGNORECASE)


_FORMULA: Final = _any_of(lexicon.load("formulas", Formulas))


def find_worst(
    texts: Sequence[str], labels: Sequence[Label], wanted: Sequence[bool], judge: Judge
) -> list[Passage | None]:
    """Return the most negative passage of each wanted text, None for others and without words.

    The passage of a text that has no other bears the text's label. Of the others `judge` is asked,
    once.
    """
    spans = [
        passages(text, QUOTE)[:MOST] if is_wanted and _WORD.search(text) else []
        for text, is_wanted in zip(texts, wanted, strict=True)
    ]
    worst = [
        Passage(*some[0], label) if some else None
        for some, label in zip(spans, labels, strict=True)
    ]
    several = [number for number, some in enumerate(spans) if len(some) > 1]
    if not several:
        return worst
    asked = [(number, span) for number in several for span in spans[number]]
    written = [texts[number][start:end] for number, (start, end) in asked]
    rows = judge(written, [number for number, _ in asked])
    end = 0
    for number in several:
        some, start = spans[number], end
        end += len(some)
        own = rows[start:end]
        place = _most_telling(texts[number], some, own[:, _NEGATIVE].tolist())
        worst[number] = Passage(*some[place], LABELS[int(own[place].argmax())])
    return worst


def _most_telling(text: str, spans: Sequence[Span], negative: Sequence[float]) -> int:
    """Return the number of the most negative passage; formulas and single words come last."""
    ranked = sorted(
        range(len(spans)),
        key=lambda place: (says_something(text, spans[place]), negative[place]),
        reverse=True,
    )
    return next((p for p in ranked if not _FORMULA.fullmatch(text, *spans[p])), ranked[0])
