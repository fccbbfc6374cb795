"""What is measured: our engines, the baselines, and a model of somebody else's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from evaluation.baselines import TfidfEngine, VaderEngine
from evaluation.sets import Language
from pipeline.reading import Label
from pipeline.text.engine import Engine
from pipeline.text.open import load_engine

OURS: Final = ("fast", "auto", "strong")
BASELINES: Final = ("vader", "tfidf")
NAMES: Final = (*OURS, *BASELINES, "hf")


class System(NamedTuple):
    """An engine, the languages that it is made for, and whether it gives true probabilities."""

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
    """Return the system of a name in `NAMES`; `tfidf` is trained on the rows in `data` first.

    Raises ImportError, OSError or ValueError where it is not at hand.
    """
    match name:
        case "vader":
            return System(VaderEngine(), languages=("en",), is_probabilistic=False)
        case "tfidf":
            return System(TfidfEngine.train(data, seed))
        case _:
            return System(load_engine(name, hf_model=hf_model, hf_labels=hf_labels))
