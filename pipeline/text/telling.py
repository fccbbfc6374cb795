"""Finds the passage of a text that speaks most against the company."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.common.sentences import passages, says_something
from pipeline.model.reading import LABELS, QUOTE, Label, Passage

MOST: Final = 40
"""Maximum number of passages of a text that are compared, the first ones."""
_WORD: Final = re.compile(r"\w")
_NEGATIVE: Final = LABELS.index("negative")

Judge = Callable[[Sequence[str], Sequence[int]], NDArray[np.floating]]
"""Takes passages, and the number of the text that each is of. Returns shape (passages, 3), columns
as in `LABELS`."""


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
    asked = [(number, span) for number, some in enumerate(spans) if some[1:] for span in some]
    written = [texts[number][start:end] for number, (start, end) in asked]
    worst = [
        Passage(*some[0], label) if some else None
        for some, label in zip(spans, labels, strict=True)
    ]
    if not asked:
        return worst
    rows = judge(written, [number for number, _ in asked])
    says = [says_something(texts[number], span) for number, span in asked]
    weights = list(zip(says, rows[:, _NEGATIVE].tolist(), strict=True))
    best: dict[int, int] = {}
    for place, (number, _) in enumerate(asked):
        if number not in best or weights[place] > weights[best[number]]:
            best[number] = place
    for number, place in best.items():
        worst[number] = Passage(*asked[place][1], LABELS[int(rows[place].argmax())])
    return worst
