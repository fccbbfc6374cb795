"""Measures everything that a reading says of a text against the labels of people.

    python -m evaluation.heads [--engine fast] [FILE ...]

Of intents, acts and topics a text has each or has not, wherever the words stand: F1, and its mean
over those that occur. Of levels (anger, urgency) how often the higher of two texts has the higher
figure (AUC, as in `evaluation.severity`). A grave text, with anger of 2 or a matter of urgency 2,
is *unheard* where its reading is positive, or neutral without intent, anger or urgency.
"""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from evaluation.measures import Interval, f1
from evaluation.readings import read_all
from evaluation.severity import auc
from pipeline.model.reading import Reading
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from training.texts.corpus import Written, names, read

GRAVE: Final = 2
"""Anger or urgency from which on a text must not be passed over."""


class Group(NamedTuple):
    """Labels that a text has or has not: in truth and as read, of shape (texts, names)."""

    names: tuple[str, ...]
    truth: NDArray[np.bool_]
    said: NDArray[np.bool_]


def judging() -> list[Path]:
    """Return the files of the texts that judge."""
    return sorted(Path(str(files("evaluation") / "texts")).glob("*.txt"))


def readings_of(reader: Reader, texts: Sequence[Written]) -> list[Reading]:
    """Read texts in their language, those of the company as such."""
    return read_all(
        reader,
        [text.text for text in texts],
        [text.language for text in texts],
        [text.author != "customer" for text in texts],
    )


def groups_of(texts: Sequence[Written], readings: Sequence[Reading]) -> dict[str, Group]:
    """Return intents, acts and topics, in truth and as read."""
    said = [
        {intent.name for intent in (*reading.intents, *reading.hints)}
        | {topic.name for topic in reading.topics}
        | ({"promise"} if reading.promises else set())
        for reading in readings
    ]
    known = names()
    customers = [text.author == "customer" for text in texts]
    company = [not is_customers for is_customers in customers]
    every = [True] * len(texts)
    return {
        kind: Group(
            its,
            np.array([[bool(text.named([name])) for name in its] for text in texts])[rows],
            np.array([[name in found for name in its] for found in said])[rows],
        )
        for kind, its, rows in (
            ("intents", known.intents, customers),
            ("acts", known.acts, company),
            ("topics", known.topics, every),
        )
    }


def is_grave(text: Written) -> bool:
    """Return whether a customer's text must not be passed over."""
    return text.author == "customer" and max(text.anger, text.urgency) >= GRAVE


def is_unheard(reading: Reading) -> bool:
    """Return whether a reading says nothing that anybody would act upon."""
    heard = reading.intents or reading.anger or reading.urgency
    return reading.label == "positive" or (reading.label == "neutral" and not heard)


def main(
    paths: Annotated[list[Path] | None, typer.Argument(exists=True)] = None,
    engine: Annotated[str, typer.Option(help="Engine that reads them.")] = "fast",
    seed: Annotated[int, typer.Option(help="Same seed, same intervals.")] = 1,
) -> None:
    """Print how well each thing that a reading says agrees with the labels."""
    texts, _ = read(paths or judging())
    readings = readings_of(Reader(load_engine(engine)), texts)
    table = Table("head", "texts with it", "figure", engine, box=None)
    for row in rows_of(texts, readings, np.random.default_rng(seed)):
        table.add_row(*row)
    Console(width=100).print(table)


def rows_of(
    texts: Sequence[Written], readings: Sequence[Reading], rng: np.random.Generator
) -> list[tuple[str, str, str, str]]:
    """Return the rows of the table: head, texts that have it, figure, value."""
    right = [text.label == reading.label for text, reading in zip(texts, readings, strict=True)]
    rows = [("polarity", f"{len(texts)}", "accuracy", f"{np.mean(right):.3f}")]
    for kind, group in groups_of(texts, readings).items():
        rows.append((kind, "", "macro-F1", _spelled(f1(group.truth, group.said, rng))))
        rows += [
            (f"  {name}", f"{count}", "F1", _spelled(f1(truth[:, None], said[:, None], rng)))
            for name, truth, said in zip(group.names, group.truth.T, group.said.T, strict=True)
            if (count := int(truth.sum()))
        ]
    for level in ("anger", "urgency"):
        of_texts = [getattr(text, level) for text in texts]
        of_readings = [getattr(reading, level) for reading in readings]
        for least in (1, GRAVE):
            rows.append(_separated(f"{level} from {least} on", of_texts, of_readings, least))
    grave = [is_unheard(r) for t, r in zip(texts, readings, strict=True) if is_grave(t)]
    rows.append(("grave texts", f"{len(grave)}", "unheard", f"{np.mean(grave or [False]):.3f}"))
    return rows


def _separated(
    title: str, truth: Sequence[int], said: Sequence[float], least: int
) -> tuple[str, str, str, str]:
    higher = [value for value, level in zip(said, truth, strict=True) if level >= least]
    lower = [value for value, level in zip(said, truth, strict=True) if level < least]
    return title, f"{len(higher)}", "AUC", f"{auc(lower, higher):.3f}" if lower and higher else "–"


def _spelled(figure: Interval) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f}–{figure.high:.2f})"


if __name__ == "__main__":
    typer.run(main)
