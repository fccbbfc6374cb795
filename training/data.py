"""Labelled texts, and the sparse matrix of their hashed n-grams."""

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.model.reading import LABELS, Label
from pipeline.text.fast import MAX_CHARACTERS
from pipeline.text.features import GROUPS, ngrams
from pipeline.text.normalise import fold
from training.phrases import reviews
from training.texts.corpus import corpus, read

_CHUNK: Final = 1_000
_CONTRACTION = re.compile(r" '(s|re|ve|ll|m|d)\b")
_NEGATION = re.compile(r" n ?' ?t\b")


class Source(msgspec.Struct, frozen=True):
    """One data set, as `sources.yaml` says.

    `made_up` texts come from `training.phrases`, those of a `written` source from `sentences/`,
    those of a `labelled` one from `texts/`.
    """

    licence: str
    weight: float
    intercept: bool
    opinions: bool = False
    made_up: int = 0
    written: bool = False
    labelled: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether this project wrote it."""
        return self.written or self.labelled or self.made_up > 0


def sources() -> dict[str, Source]:
    """Return the sources that weights may be trained on, by name."""
    return msgspec.yaml.decode(
        files("training").joinpath("sources.yaml").read_bytes(), type=dict[str, Source]
    )


def load(name: str, source: Source, folder: Path, seed: int) -> tuple[list[str], list[int]]:
    """Return texts and labels (0 negative, 1 neutral, 2 positive) of a source."""
    if source.written:
        return sentences(name.rpartition("_")[2])
    if source.labelled:
        return labelled(name.rpartition("_")[2])
    if source.made_up:
        made_up = reviews(name.rpartition("_")[2], source.made_up, seed)
        return [text for text, _ in made_up], [label for _, label in made_up]
    return read_csv(folder / f"{name}.csv.gz")


def sentences(language: str) -> tuple[list[str], list[int]]:
    """Return the sentences that were written for training, whatever they are about."""
    found = files("training").joinpath("sentences").iterdir()
    written = sorted((file for file in found if file.name.startswith(f"{language}_")), key=str)
    subjects = dict[str, dict[Label, list[str]]]
    labelled = [
        (text, LABELS.index(label))
        for file in written
        for labels in msgspec.yaml.decode(file.read_bytes(), type=subjects).values()
        for label, texts in labels.items()
        for text in texts
    ]
    return [text for text, _ in labelled], [label for _, label in labelled]


def labelled(language: str) -> tuple[list[str], list[int]]:
    """Return the texts of `training.texts` in a language."""
    texts = [text for text in read(corpus())[0] if text.language == language]
    return [text.text for text in texts], [LABELS.index(text.label) for text in texts]


def read_csv(path: Path) -> tuple[list[str], list[int]]:
    """Read columns `text` and `label`. Raises FileNotFoundError, KeyError."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # Two English sources stand there in tokens: `does n 't`, `it 's`.
    texts = [_NEGATION.sub("n't", _CONTRACTION.sub(r"'\1", row["text"])) for row in rows]
    return texts, [int(row["label"]) for row in rows]


@dataclass(frozen=True)
class Matrix:
    """Rows of hashed features: row k has `buckets` and `values` in [bounds[k], bounds[k + 1])."""

    buckets: NDArray[np.int32]
    values: NDArray[np.float32]
    bounds: NDArray[np.int64]

    def rows(self, rows: NDArray[np.int64]) -> tuple["Matrix", NDArray[np.int64]]:
        """Return the matrix of these rows, and the number of its row for each of its features."""
        lengths = self.bounds[rows + 1] - self.bounds[rows]
        bounds = np.concatenate(([0], np.cumsum(lengths)))
        row_of = np.repeat(np.arange(len(rows)), lengths)
        places = np.arange(bounds[-1]) + (self.bounds[rows] - bounds[:-1])[row_of]
        return Matrix(self.buckets[places], self.values[places], bounds), row_of


def matrix(texts: Sequence[str]) -> Matrix:
    """Return the features of all texts; each group of a text's n-grams has the length 1."""
    chunks = [_features(texts[i : i + _CHUNK]) for i in range(0, len(texts), _CHUNK)]
    buckets, values, lengths = zip(*chunks, strict=True)
    bounds = np.concatenate(([0], np.cumsum(np.concatenate(lengths))))
    return Matrix(np.concatenate(buckets), np.concatenate(values), bounds)


Features = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]


def _features(texts: Sequence[str]) -> Features:
    counts = np.zeros((GROUPS, len(texts)))
    parts = []
    for its in ngrams(fold([text[:MAX_CHARACTERS] for text in texts])):
        counts[its.group] += its.counts
        orders, places = np.nonzero(its.buckets)
        rows = np.searchsorted(its.starts, places, "right") - 1
        parts.append((rows, its.buckets[orders, places], its.group))
    rows = np.concatenate([row for row, _, _ in parts])
    groups = np.repeat([group for _, _, group in parts], [len(row) for row, _, _ in parts])
    order = np.argsort(rows, kind="stable")
    values = 1 / np.sqrt(counts[groups, rows])
    return (
        np.concatenate([b for _, b, _ in parts])[order].astype(np.int32),
        values[order].astype(np.float32),
        np.bincount(rows, minlength=len(texts)),
    )


def batches(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Cut `rows` into runs of at most `size`."""
    return (rows[i : i + size] for i in range(0, len(rows), size))
