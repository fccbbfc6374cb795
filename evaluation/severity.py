"""Measures whether readings rank severity as people do.

    python -m evaluation.severity --data DIR

The texts are those of a telecom operator's customers, graded by others as no complaint, a complaint
or a grave one. AUC (Hanley, McNeil 1982) is how often the graver of two texts, one of each grade,
has the higher figure; ties count half, 0.5 is chance.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from evaluation.topics import Subject, read_texts
from pipeline.model.reading import Reading
from pipeline.text.intents import URGENT
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader

FILE: Final = "sentiment/tr_telco_brain"
GRADES: Final = {"0.0": "no complaint", "1.0": "complaint", "2.0": "grave"}

FIGURES: Final[dict[str, Callable[[Reading], float]]] = {
    "negative": lambda reading: reading.probabilities.negative,
    "anger": lambda reading: reading.anger,
    "urgency": lambda reading: reading.urgency,
    "intensity": lambda reading: reading.intensity,
    "urgent intents": lambda reading: sum(intent.name in URGENT for intent in reading.intents),
}


def texts_by_grade(folder: Path) -> dict[str, list[str]]:
    """Return the texts of each grade. Raises FileNotFoundError."""
    return {
        grade: read_texts(Subject(FILE, "severity", [grade], topics=[]), folder) for grade in GRADES
    }


def auc(lower: Sequence[float], higher: Sequence[float]) -> float:
    """Return how often a value of `higher` exceeds one of `lower`; ties count half."""
    ordered = np.sort(lower)
    below, up_to = (np.searchsorted(ordered, higher, side) for side in ("left", "right"))
    return float((below + up_to).mean()) / (2 * len(lower))


def main(
    data: Annotated[Path, typer.Option(help="Folder of sentiment/.")],
    engine: Annotated[str, typer.Option(help="Engine that reads them.")] = "fast",
) -> None:
    """Print the mean of each figure by grade, and how well it separates the grades."""
    reader = Reader(load_engine(engine))
    readings = {
        grade: reader.read(texts, ["tr"] * len(texts))
        for grade, texts in texts_by_grade(data).items()
    }
    none, some, grave = GRADES
    table = Table("figure", *GRADES.values(), "AUC of a complaint", "AUC of a grave one")
    for name, figure in FIGURES.items():
        by_grade = {
            grade: [float(figure(reading)) for reading in graded]
            for grade, graded in readings.items()
        }
        table.add_row(
            name,
            *(f"{np.mean(values):.2f}" for values in by_grade.values()),
            f"{auc(by_grade[none], by_grade[some]):.2f}",
            f"{auc(by_grade[some], by_grade[grave]):.2f}",
        )
    table.add_row("texts", *(f"{len(graded):,}" for graded in readings.values()), "", "")
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
