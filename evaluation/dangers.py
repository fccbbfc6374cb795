"""Measures how many texts of customers in danger are found, and how many others are taken for them.

python -m evaluation.dangers
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.text.dangers import find_dangers
from pipeline.text.normalise import fold
from pipeline.text.phrases import words_of

NONE: Final = "none"
"""Name of the texts that tell of no danger."""


class Rung(NamedTuple):
    """How many texts of a danger ring, for whatever danger, and those that do not."""

    rang: int
    silent: list[str]


def load() -> dict[str, list[str]]:
    """Return the texts of `dangers.yaml` by danger."""
    content = files("evaluation").joinpath("dangers.yaml").read_bytes()
    return msgspec.yaml.decode(content, type=dict[str, list[str]])


def rung(texts: Sequence[str]) -> Rung:
    """Return which of the texts ring."""
    folded = fold(texts)
    found = find_dangers(folded, words_of(folded))
    return Rung(len(found), [text for n, text in enumerate(texts) if n not in found])


def main() -> None:
    """Print how many texts of each danger ring; of `NONE` none should."""
    table = Table("danger", "texts", "rang")
    for danger, texts in load().items():
        table.add_row(danger, f"{len(texts)}", f"{rung(texts).rang}")
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
