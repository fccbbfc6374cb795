"""Engine `fast`: a softmax over hashed n-grams in numpy, thousands of texts a second."""

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.text import cues
from pipeline.text.calibration import Card, softmax
from pipeline.text.engine import Engine, FloatArray
from pipeline.text.features import Ngrams, chunks, ngrams
from pipeline.text.heads import Heads
from pipeline.text.normalise import Folded, fold

MAX_CHARACTERS: Final = 2_000
"""Characters read of a text; long complaints state their subject at the beginning."""

_CHUNK: Final = 16_384  # characters at a time: their n-grams then stay in the processor's cache
_SHIPPED: Final = files("pipeline.text") / "weights"


class FastCard(Card, frozen=True):
    """The parameters of the model besides its table of weights."""

    scale: float
    bias: tuple[float, float]


class FastEngine(Engine):
    """A log-linear model; neutral has score 0, the table holds the other two classes."""

    name = "fast"
    hears_cues = True

    def __init__(
        self, weights: NDArray[np.int8], card: FastCard, heads: Heads | None = None
    ) -> None:
        """Take `weights` of shape (2, 2**BITS): negative and positive, in steps of `card.scale`."""
        self._weights = np.ascontiguousarray(weights)
        self._card = card
        self.heads = heads

    @classmethod
    def load(cls, folder: Traversable = _SHIPPED, heads: Heads | None = None) -> "FastEngine":
        """Read `fast.npz` and `fast.json` from `folder`. Raises FileNotFoundError."""
        card = msgspec.json.decode((folder / "fast.json").read_bytes(), type=FastCard)
        with (folder / "fast.npz").open("rb") as file, np.load(file) as arrays:
            return cls(arrays["weights"], card, heads)

    @property
    def version(self) -> str:
        """Version of the weights, of the cues and of the heads."""
        heads = f".{self.heads.card.version}" if self.heads else ""
        return f"{self._card.version}.{cues.VERSION}{heads}"

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        folded = folded or fold(texts)
        scores = self._scores(folded)
        long = [number for number, text in enumerate(texts) if len(text) > MAX_CHARACTERS]
        if long:
            scores[long] = self._scores(fold([texts[number][:MAX_CHARACTERS] for number in long]))
        logits = logits_of(scores) + cues.leanings(folded)
        return softmax(logits / self._card.temperatures(texts, languages))

    def _scores(self, folded: Folded) -> NDArray[np.float64]:
        """Return shape (texts, 2): negative and positive, against 0 for neutral."""
        scores = np.empty((len(folded.starts), 2))
        for first, stop in chunks(folded, _CHUNK):
            scores[first:stop] = sum(map(self._group_scores, ngrams(folded, first, stop)))
        return scores * self._card.scale + self._card.bias

    def _group_scores(self, group: Ngrams) -> NDArray[np.float64]:
        of_ngrams = self._weights.take(group.buckets, axis=1).sum(axis=1, dtype=np.int16)
        of_texts = np.add.reduceat(of_ngrams, group.starts, axis=1, dtype=np.int32)
        scores: NDArray[np.float64] = (of_texts / np.sqrt(np.maximum(group.counts, 1))).T
        return scores


def logits_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of (negative, neutral, positive) from those of (negative, positive)."""
    logits = np.zeros((len(scores), 3))
    logits[:, ::2] = scores
    return logits
