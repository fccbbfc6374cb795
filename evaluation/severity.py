"""Whether what is angrier and more urgent to people is so to a reading.

    python -m evaluation.severity --data DIR

The customers of a telecom operator, whose texts others have graded: no complaint, a complaint, a
grave one. AUC (Hanley, McNeil 1982): how often the graver of two texts, one of each grade, has the
higher figure; ties count half, 0.5 is chance.
"""

import csv
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from pipeline.reading import Reading
from pipeline.text.intents import URGENT
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

FILE: Final = "sentiment/tr_telco_brain.csv.gz"
GRADES: Final = {"0.0": "no complaint", "1.0": "complaint", "2.0": "grave"}
_BATCH: Final = 500

FIGURES: Final[dict[str, Callable[[Reading], float]]] = {
    "negative": lambda one: one.probabilities.negative,
    "anger": lambda one: one.anger,
    "urgency": lambda one: one.urgency,
    "intensity": lambda one: one.intensity,
    "urgent intents": lambda one: sum(intent.name in URGENT for intent in one.intents),
}


def read_texts(folder: Path) -> dict[str, list[str]]:
    """Return the texts of each grade. Raises FileNotFoundError."""
    texts: dict[str, list[str]] = {grade: [] for grade in GRADES}
    with gzip.open(folder / FILE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["severity"] in texts:
                texts[row["severity"]].append(row["text"])
    return texts


def auc(lower: Sequence[float], higher: Sequence[float]) -> float:
    """Return how often one of `higher` is above one of `lower`; ties count half."""
    ordered = np.sort(lower)
    below, up_to = (np.searchsorted(ordered, higher, side) for side in ("left", "right"))
    return float((below + up_to).mean()) / (2 * len(lower))


def main(
    data: Annotated[Path, typer.Option(help="Folder of sentiment/.")],
    engine: Annotated[str, typer.Option(help="Engine that reads them.")] = "fast",
) -> None:
    """Print the mean of each figure by grade, and how well it tells the grades apart."""
    reader = Reader(load_engine(engine))
    readings = {}
    for grade, texts in read_texts(data).items():
        batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
        readings[grade] = [one for some in batches for one in reader.read(some, ["tr"] * len(some))]
    none, some, grave = GRADES
    table = Table("figure", *GRADES.values(), "AUC of a complaint", "AUC of a grave one")
    for name, figure in FIGURES.items():
        by_grade = {grade: [float(figure(one)) for one in its] for grade, its in readings.items()}
        table.add_row(
            name,
            *(f"{np.mean(values):.2f}" for values in by_grade.values()),
            f"{auc(by_grade[none], by_grade[some]):.2f}",
            f"{auc(by_grade[some], by_grade[grave]):.2f}",
        )
    table.add_row("texts", *(f"{len(its):,}" for its in readings.values()), "", "")
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
