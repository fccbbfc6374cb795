"""How varied texts are, and which of them are nearly the same."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import HashingVectorizer

from pipeline.text.normalise import fold

NEAR: Final = 0.7
"""Jaccard index of the runs of LETTERS letters above which two texts are nearly the same."""
LETTERS: Final = 5
OPENING: Final = 3
"""Words of an opening, and the least of a text that somebody could have copied."""
_BLOCK: Final = 1_000


class Variety(NamedTuple):
    """`openings`: distinct first words by text; `common` the most frequent with their counts."""

    texts: int
    words: int
    vocabulary: int
    openings: float
    common: list[tuple[str, int]]
    near: int


class Pair(NamedTuple):
    """Two texts, by number, and how near they are."""

    left: int
    right: int
    nearness: float


def variety(texts: Sequence[str]) -> Variety:
    """Return how varied the texts are; `near` counts those that nearly repeat an earlier one."""
    spelled = _spelled(texts)
    words = [text.split() for text in spelled]
    openings = Counter(" ".join(its[:OPENING]) for its in words if len(its) >= OPENING)
    return Variety(
        len(texts),
        sum(map(len, words)),
        len({word for its in words for word in its}),
        len(openings) / max(1, openings.total()),
        openings.most_common(5),
        len({pair.left for pair in near_pairs(texts, texts) if pair.right < pair.left}),
    )


def near_pairs(left: Sequence[str], right: Sequence[str]) -> list[Pair]:
    """Return the pairs of texts that are nearly the same, whatever their case and marks.

    Texts of fewer than OPENING words ("Teşekkürler", "👍") are nobody's own, and near none.
    """
    vectorizer = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(LETTERS, LETTERS),
        binary=True,
        norm=None,
        alternate_sign=False,
    )
    spelled = [text if len(text.split()) >= OPENING else "" for text in _spelled([*left, *right])]
    rows = csr_array(vectorizer.transform(spelled))
    sizes = rows.sum(axis=1)
    lefts, rights = rows[: len(left)], rows[len(left) :].T.tocsc()
    pairs = []
    for start in range(0, len(left), _BLOCK):
        common = (lefts[start : start + _BLOCK] @ rights).tocoo()
        places = common.row + start
        either = sizes[places] + sizes[len(left) + common.col] - common.data
        nearness = common.data / np.maximum(either, 1)
        pairs += [
            Pair(int(places[at]), int(common.col[at]), float(nearness[at]))
            for at in np.flatnonzero(nearness >= NEAR)
        ]
    return pairs


def _spelled(texts: Sequence[str]) -> list[str]:
    """Return the words of each text in one spelling."""
    lines = fold([text.replace("\n", " ") for text in texts]).text.split("\n")
    return ["".join(c if c.isalnum() else " " for c in line) for line in lines[: len(texts)]]
