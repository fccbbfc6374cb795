"""Measures how often texts get the topic of their subject.

python -m evaluation.topics --data DIR
"""

import csv
import gzip
from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from evaluation.readings import read_all
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts classified by others (`topics.yaml`), and their expected topics."""

    file: str
    subject: str
    values: list[str]
    topics: list[str]


def read_texts(subject: Subject, folder: Path) -> list[str]:
    """Return the texts of a subject from its file under `folder`."""
    with gzip.open(folder / f"{subject.file}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return [
            row["text"]
            for row in csv.DictReader(file)
            if any(fnmatchcase(row[subject.subject], value) for value in subject.values)
        ]


def topics_of(reader: Reader, texts: Sequence[str]) -> list[set[str]]:
    """Return the names of the topics of each text."""
    readings = read_all(reader, texts, [None] * len(texts))
    return [{topic.name for topic in reading.topics} for reading in readings]


def main(data: Annotated[Path, typer.Option(help="Folder of sentiment/ and topics/.")]) -> None:
    """Print, for each subject, the share of texts with one of its topics, and topics per text."""
    reader = Reader(load_engine("fast"))
    table = Table("set", "subject", "texts", "topics", "found", "topics a text")
    subjects = msgspec.yaml.decode(
        files("evaluation").joinpath("topics.yaml").read_bytes(), type=list[Subject]
    )
    for subject in subjects:
        by_text = topics_of(reader, read_texts(subject, data))
        share = sum(not topics.isdisjoint(subject.topics) for topics in by_text) / len(by_text)
        table.add_row(
            Path(subject.file).name,
            ", ".join(subject.values),
            f"{len(by_text):,}",
            ", ".join(subject.topics),
            f"{share:.2f}",
            f"{sum(map(len, by_text)) / len(by_text):.1f}",
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
