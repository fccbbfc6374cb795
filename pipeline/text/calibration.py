"""Calibrates engines with one temperature per language (Guo et al. 2017)."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.text.engine import FloatArray
from pipeline.text.language import UNKNOWN, detect


class Card(msgspec.Struct, frozen=True):
    """The model card that `training` writes beside the weights.

    `temperature` was fitted on held-out texts of the sources that the weights were trained on. On
    texts from elsewhere an engine is wrong more often than these say: `ratios` are by how much the
    temperature has to be higher there, by language, for any other language under `und`.
    """

    version: str
    seed: int
    data: dict[str, int]
    temperature: float
    ratios: dict[str, float]

    def temperatures(
        self, texts: Sequence[str], languages: Sequence[str] | None
    ) -> NDArray[np.float64]:
        """Return temperatures, shape (texts, 1); languages are detected if not given."""
        known = detect(texts) if languages is None else languages
        other = self.ratios[UNKNOWN]
        ratios = [self.ratios.get(language, other) for language in known]
        return self.temperature * np.array(ratios, np.float64).reshape(-1, 1)


def softmax(logits: NDArray[np.float64]) -> FloatArray:
    """Return the softmax of each row."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: FloatArray = (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def tempered(shares: FloatArray, temperature: float) -> FloatArray:
    """Rescale probabilities of temperature 1 to this temperature."""
    flatter = shares ** np.float32(1 / temperature)
    evened: FloatArray = flatter / flatter.sum(axis=1, keepdims=True)
    return evened
