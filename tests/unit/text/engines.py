"""Engines that say what a test wants."""

from collections.abc import Sequence

import numpy as np

from pipeline.text.engine import Engine, FloatArray
from pipeline.text.normalise import Folded, fold


class Constant(Engine):
    """An engine of one opinion."""

    name = "constant"
    version = "7"

    def __init__(self, *row: float) -> None:
        self._row = row

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        return np.tile(np.array(self._row, np.float32), (len(texts), 1))


class Wordy(Engine):
    """Knows a few words: a text has the label of most of them. `asked` are its questions."""

    name = "wordy"
    version = "1"
    _GOOD = frozenset(["iyi", "hizli", "guzel", "great"])
    _BAD = frozenset(["berbat", "kotu", "pahali", "terrible"])

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        self.asked.append(list(texts))
        rows = [self._row(fold([text]).text.split()) for text in texts]
        return np.array(rows, np.float32).reshape(-1, 3)

    def _row(self, words: list[str]) -> tuple[float, float, float]:
        clean = [word.strip(".,!") for word in words]
        balance = sum(word in self._GOOD for word in clean) - sum(w in self._BAD for w in clean)
        if balance == 0:
            return 0.2, 0.6, 0.2
        return (0.1, 0.1, 0.8) if balance > 0 else (0.8, 0.1, 0.1)
