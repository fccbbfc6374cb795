"""Engine `auto`: `fast` scores every text, `strong` the doubtful ones while time allows."""

import time
from collections.abc import Callable, Sequence
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.text.calibration import tempered
from pipeline.text.engine import Engine, FloatArray, Judged, Question
from pipeline.text.language import detect
from pipeline.text.normalise import Folded

DOUBT: Final = 0.55
"""A text is doubtful if no label reaches this probability: a quarter of held-out texts."""
DOUBTFUL: Final = 1.2
"""By how much the temperature of the second engine is higher on texts that the first one doubts:
of these it is wrong more often than of others (`training.doubts`)."""
_WARM_UP: Final = ("Kargo üç gündür gelmedi, kimse telefona bakmıyor.", "Great service, thank you!")
_FIXED: Final = 30
"""Fixed cost of a text, in characters."""
_MAX_CHARACTERS: Final = 600
"""Upper bound of a text's cost, in characters: the rest is not read."""


class Tempered(Engine):
    """Wraps an engine and tempers its probabilities."""

    def __init__(self, engine: Engine, temperature: float) -> None:
        self._engine, self._temperature = engine, temperature
        self.hears_cues = engine.hears_cues

    @property
    def name(self) -> str:
        """Name of the wrapped engine."""
        return self._engine.name

    @property
    def version(self) -> str:
        """Version of the wrapped engine, and the temperature."""
        return f"{self._engine.version}~{self._temperature}"

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        return tempered(self._engine.probabilities(texts, folded, languages), self._temperature)


class AutoEngine(Engine):
    """Asks a second engine about texts that the first doubts or the caller questions.

    Where time is short, those that the first is least sure of come first.
    """

    name = "auto"

    def __init__(
        self,
        first: Engine,
        second: Engine,
        doubt: float = DOUBT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Warm up the second engine and measure its cost per character."""
        self._first, self._second = first, second
        self.heads = first.heads  # they say the same at any load
        self._unsure = Tempered(second, DOUBTFUL)
        self._doubt, self._clock = doubt, clock
        second.probabilities(_WARM_UP)
        self._pace = 0.0  # seconds a character of the second engine
        self._ask(_WARM_UP, detect(_WARM_UP))

    @property
    def version(self) -> str:
        """Versions of both engines, the second as tempered."""
        return f"{self._first.version}+{self._unsure.version}"

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        return self.judge(texts, folded, languages).probabilities

    def judge(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,
        languages: Sequence[str] | None = None,
        seconds: float = inf,
        question: Question | None = None,
    ) -> Judged:
        """Score with both engines within about `seconds`; 0 means the first engine alone."""
        known = detect(texts) if languages is None else languages
        rows = self._first.probabilities(texts, folded, known)
        by: list[Engine] = [self._first] * len(texts)
        hurried = [False] * len(texts)
        doubtful = doubtful_rows(rows, self._doubt, question(rows) if question else None)
        costs = np.array([_cost(texts[row]) for row in doubtful]).cumsum() * self._pace
        affordable = int(np.searchsorted(costs, seconds, "right"))
        asked = doubtful[:affordable]
        if asked:
            is_doubted = rows[asked].max(axis=1) < self._doubt
            said = self._ask([texts[row] for row in asked], [known[row] for row in asked])
            said[is_doubted] = tempered(said[is_doubted], DOUBTFUL)
            rows[asked] = said
            for row, doubted in zip(asked, is_doubted.tolist(), strict=True):
                by[row] = self._unsure if doubted else self._second
        for row in doubtful[affordable:]:
            hurried[row] = True
        return Judged(rows, by, hurried)

    def _ask(self, texts: Sequence[str], languages: Sequence[str]) -> FloatArray:
        begin = self._clock()
        answers = self._second.probabilities(texts, None, languages)
        pace = (self._clock() - begin) / sum(map(_cost, texts))
        self._pace = pace if self._pace == 0 else 0.8 * self._pace + 0.2 * pace
        return answers


def doubtful_rows(
    probabilities: NDArray[np.floating], doubt: float, also: NDArray[np.bool_] | None = None
) -> list[int]:
    """Return the rows whose highest probability is below `doubt`, least certain first.

    Then those of `also`, in the same order.
    """
    certainty = probabilities.max(axis=1)
    asked = certainty < doubt
    order = np.argsort(certainty, kind="stable")
    found: list[int] = order[(asked if also is None else asked | also)[order]].tolist()
    return found


def _cost(text: str) -> int:
    return _FIXED + min(len(text), _MAX_CHARACTERS)
