"""Measure a scoring engine: `python -m evaluation.sentiment --data DIR [--engine fast]`."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline.reading import LABELS, Label
from pipeline.text.engine import Engine, FloatArray
from pipeline.text.reader import load_engine
from training.data import read_csv

DEV_SETS: Final = ("dev_en_uci3", "dev_tr_trsav1")
_NEGATIVE, _NEUTRAL, _POSITIVE = range(3)
_BINS: Final = 15

Ints = NDArray[np.int64]


class Measures(msgspec.Struct, frozen=True):
    """How good an engine is on one labelled set; all shares from 0 to 1.

    `accuracy` and `macro_f1` (the mean over the labels that the set has) are of the three labels;
    `polar_accuracy` asks only which of negative and positive is likelier, on texts that are either.
    `calibration_error` is the expected calibration error in 15 equal bins (Naeini et al. 2015).
    """

    accuracy: float
    macro_f1: float
    polar_accuracy: float
    calibration_error: float


def measure(probabilities: FloatArray, labels: Ints) -> Measures:
    """Compare probabilities of shape (n, 3) with labels 0 negative, 1 neutral, 2 positive."""
    predicted = probabilities.argmax(axis=1)
    polar = labels != _NEUTRAL
    says_positive = probabilities[polar, _POSITIVE] > probabilities[polar, _NEGATIVE]
    return Measures(
        accuracy=float((predicted == labels).mean()),
        macro_f1=float(np.mean([_f1(predicted == k, labels == k) for k in np.unique(labels)])),
        polar_accuracy=float((says_positive == (labels[polar] == _POSITIVE)).mean()),
        calibration_error=_calibration_error(probabilities.max(axis=1), predicted == labels),
    )


def _f1(predicted: NDArray[np.bool_], actual: NDArray[np.bool_]) -> float:
    return float(2 * (predicted & actual).sum() / (predicted.sum() + actual.sum()))


def _calibration_error(confidence: FloatArray, right: NDArray[np.bool_]) -> float:
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.abs(np.bincount(bins, confidence - right, minlength=_BINS))
    return float(gaps.sum() / len(right))


def texts_per_second(engine: Engine, texts: Sequence[str]) -> float:
    """Return the rate of one core: processor time, the best of three."""

    def seconds() -> float:
        begin = time.process_time()
        engine.probabilities(texts)
        return time.process_time() - begin

    return len(texts) / min(seconds() for _ in range(3))


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    engine: Annotated[str, typer.Option(help="fast or hf.")] = "fast",
    hf_model: Annotated[str | None, typer.Option(help="Folder or hub name, for hf.")] = None,
    hf_labels: Annotated[
        str | None, typer.Option(help='The model\'s labels to ours: {"LABEL_0": "negative", ...}.')
    ] = None,
    sets: Annotated[list[str], typer.Option("--set", help="Labelled set.")] = list(DEV_SETS),  # noqa: B006
) -> None:
    """Print how good an engine is on labelled sets that it was not trained on."""
    scoring = load_engine(
        engine,
        hf_model=hf_model,
        hf_labels=msgspec.json.decode(hf_labels, type=dict[str, Label]) if hf_labels else None,
    )
    table = Table(title=f"{scoring.name} {scoring.version}: {', '.join(LABELS)}")
    for column in ("set", "texts", *Measures.__struct_fields__, "texts/s"):
        table.add_column(column, justify="right")
    for name in sets:
        texts, labels = read_csv(data / f"{name}.csv.gz")
        measures = measure(scoring.probabilities(texts), np.array(labels))
        rate = texts_per_second(scoring, texts)
        figures = [f"{figure:.3f}" for figure in msgspec.structs.astuple(measures)]
        table.add_row(name, f"{len(texts):,}", *figures, f"{rate:,.0f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    typer.run(main)
