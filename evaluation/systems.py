"""The systems to measure: our engines, the baselines, and external models."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from evaluation.baselines import TfidfEngine, VaderEngine
from pipeline.common.languages import Language
from pipeline.model.reading import Label
from pipeline.text import consistency
from pipeline.text.engine import Engine, FloatArray
from pipeline.text.normalise import Folded
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

OURS: Final = ("fast", "auto", "strong")
BASELINES: Final = ("vader", "tfidf")
NAMES: Final = (*OURS, *BASELINES, "hf")


class Polarity(Engine):
    """The polarity after the reader's corrections, as an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reader = engine, Reader(engine)

    @property
    def name(self) -> str:
        """Name of the engine."""
        return self._engine.name

    @property
    def version(self) -> str:
        """Version of the engine, and of the reader's corrections."""
        return f"{self._engine.version}.{consistency.VERSION}"

    def probabilities(
        self,
        texts: Sequence[str],
        folded: Folded | None = None,  # noqa: ARG002 - the reader folds
        languages: Sequence[str] | None = None,
    ) -> FloatArray:
        """Return shape (len(texts), 3), as the contract says."""
        judged = self._reader.judge(texts, languages or [None] * len(texts))
        return judged.probabilities.astype(np.float32)


class System(NamedTuple):
    """An engine, its languages, and whether its scores are probabilities."""

    engine: Engine
    languages: tuple[Language, ...] = ("tr", "en")
    is_probabilistic: bool = True


def open_system(
    name: str,
    data: Path,
    seed: int,
    hf_model: str | None = None,
    hf_labels: Mapping[str, Label] | None = None,
) -> System:
    """Open a system by its name in `NAMES`; `tfidf` is trained on the rows in `data` first.

    Raises ImportError, OSError or ValueError if it is unavailable.
    """
    match name:
        case "vader":
            return System(VaderEngine(), languages=("en",), is_probabilistic=False)
        case "tfidf":
            return System(TfidfEngine.train(data, seed))
        case _:
            engine = load_engine(name, hf_model=hf_model, hf_labels=hf_labels)
            return System(Polarity(engine))
