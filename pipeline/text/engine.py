"""The contract of scoring engines."""

from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.text.clauses import Clauses
from pipeline.text.heads import Heads, Hits, Said
from pipeline.text.normalise import Folded

FloatArray = NDArray[np.float32]
Question: TypeAlias = Callable[[FloatArray], NDArray[np.bool_]]
"""Decides, from the polarity of texts, which of them a second engine should read."""


class Judged(NamedTuple):
    """Scores of texts, the engine of each, and which texts were scored in haste.

    `probabilities` has the shape (texts, 3): columns in the order of `LABELS`.
    """

    probabilities: NDArray[np.floating]
    by: "Sequence[Engine]"
    hurried: Sequence[bool]


class Engine(Protocol):
    """Scores the polarity of texts. Pure, thread-safe, and total: no text makes it raise.

    `hears_cues`: whether it takes the turns of phrase of `pipeline.text.cues` into account. `heads`
    say what is not polarity; without any, phrases do.
    """

    hears_cues: bool = False
    heads: Heads | None = None

    @property
    def name(self) -> str:
        """Short name, as in the settings, e.g. `fast`."""

    @property
    def version(self) -> str:
        """Changes whenever the score of some text could change."""

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        """Return shape (len(texts), 3): columns in the order of `LABELS`.

        `folded` is the same texts folded, `languages` what they are in (`tr`, `und`), from a caller
        that has them.
        """

    def say(self, folded: Folded, clauses: Clauses, hits: Hits) -> Said:
        """Return what the heads say of texts and clauses; without any, nothing."""
        if self.heads is None:
            none: list[frozenset[str]] = [frozenset()] * len(folded.starts)
            return Said([], none, frozenset(), none)
        return self.heads.say(folded, clauses, hits)

    def judge(
        self: Self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
        seconds: float = inf,  # noqa: ARG002 - for those who can do with less
        question: Question | None = None,  # noqa: ARG002 - for those who can ask another
    ) -> Judged:
        """Return the probabilities and their engines within about `seconds`."""
        shares = self.probabilities(texts, folded, languages)
        return Judged(shares, [self] * len(texts), [False] * len(texts))
