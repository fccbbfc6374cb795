"""Engine `fast`: a softmax over hashed n-grams. numpy only, no model server, thousands a second."""

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.text.engine import FloatArray
from pipeline.text.features import GROUPS, ngrams
from pipeline.text.normalise import fold

MAX_CHARACTERS: Final = 2_000
"""How much of a text is read: what a long complaint is about stands at its beginning."""

_CHUNK: Final = 256  # texts at a time: their n-grams then stay in the processor's cache
_SHIPPED: Final = files("pipeline.text") / "weights"


class Card(msgspec.Struct, frozen=True):
    """What a set of weights is: written beside it by `training.fast`."""

    version: str
    seed: int
    data: dict[str, int]
    scale: float
    bias: tuple[float, float]
    temperature: float


class FastEngine:
    """Log-linear model; the neutral class has the score 0, the table holds the other two."""

    name = "fast"

    def __init__(self, weights: NDArray[np.int8], card: Card) -> None:
        """Take `weights` of shape (2, 2**BITS): negative and positive, in steps of `card.scale`."""
        self._weights = np.ascontiguousarray(weights)
        self._card = card

    @classmethod
    def load(cls, folder: Traversable = _SHIPPED) -> "FastEngine":
        """Read `fast.npz` and `fast.json` from `folder`. Raises FileNotFoundError."""
        card = msgspec.json.decode((folder / "fast.json").read_bytes(), type=Card)
        with (folder / "fast.npz").open("rb") as file, np.load(file) as arrays:
            return cls(arrays["weights"], card)

    @property
    def version(self) -> str:
        """Version of the weights."""
        return self._card.version

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        chunks = [self._scores(texts[i : i + _CHUNK]) for i in range(0, len(texts), _CHUNK)]
        return softmax(np.concatenate([np.zeros((0, 2)), *chunks]) / self._card.temperature)

    def _scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        sums = np.zeros((GROUPS, 2, len(texts)))
        counts = np.zeros((GROUPS, len(texts)))
        for group, buckets, starts, count in ngrams(
            fold([text[:MAX_CHARACTERS] for text in texts])
        ):
            counts[group] += count
            for side, weights in zip(sums[group], self._weights, strict=True):
                side += np.add.reduceat(weights.take(buckets), starts, dtype=np.int32)
        scaled: NDArray[np.float64] = (sums / np.sqrt(np.maximum(counts, 1))[:, None]).sum(axis=0)
        return scaled.T * self._card.scale + self._card.bias


def softmax(scores: NDArray[np.float64]) -> FloatArray:
    """Probabilities of (negative, neutral, positive) from scores of (negative, positive)."""
    logits = np.insert(scores, 1, 0.0, axis=1)
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: FloatArray = (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
