"""Loads the labelled sets of `sets.yaml`, on which no weights were trained."""

import random
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from evaluation.measures import Ints
from pipeline.common.languages import Language
from training.data import read_csv

T = TypeVar("T")

_MOST: Final = 1_500
"""Texts to read per set that is not a development set."""

_TWEET_LENGTH: Final[dict[Language, str]] = {"tr": "tr_fsmtsa", "en": "en_semeval13_16"}
_TIMED: Final = 512


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Origin and kind of a set."""

    language: Language
    texts: str
    dev: bool = False


class LabelledSet(NamedTuple):
    """Texts with their labels: 0 negative, 1 neutral, 2 positive."""

    origin: Origin
    texts: Sequence[str]
    labels: Ints


def origins() -> dict[str, Origin]:
    """Return the sets by name, in table order."""
    content = files("evaluation").joinpath("sets.yaml").read_bytes()
    return msgspec.yaml.decode(content, type=dict[str, Origin])


def load(names: Iterable[str], folder: Path, seed: int) -> dict[str, LabelledSet]:
    """Read `NAME.csv.gz` of each set. Raises ValueError for an unknown name, FileNotFoundError."""
    known = origins()
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"There is no set {', '.join(unknown)}: choose of {', '.join(known)}.")
    return {name: _read(known[name], folder / f"{name}.csv.gz", seed) for name in names}


def _read(origin: Origin, path: Path, seed: int) -> LabelledSet:
    texts, labels = read_csv(path)
    rows = range(len(texts)) if origin.dev else sample(range(len(texts)), _MOST, seed)
    return LabelledSet(origin, [texts[row] for row in rows], np.array(labels)[list(rows)])


def of_tweet_length(folder: Path, seed: int) -> dict[Language, list[str]]:
    """Return the texts for measuring rates, by language. Raises FileNotFoundError."""
    return {
        language: sample(read_csv(folder / f"{name}.csv.gz")[0], _TIMED, seed)
        for language, name in _TWEET_LENGTH.items()
    }


def sample(items: Sequence[T], most: int, seed: int) -> list[T]:
    """Return a random sample of at most `most` items."""
    return random.Random(seed).sample(items, min(most, len(items)))
