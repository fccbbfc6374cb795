"""Measures how many texts of customers in danger are found, and how many others are taken for them.

python -m evaluation.dangers
"""

from importlib.resources import files
from typing import Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.text.dangers import tells_of_danger

NONE: Final = "none"
"""Name of the texts that tell of no danger."""


def load() -> dict[str, list[str]]:
    """Return the texts of `dangers.yaml` by danger."""
    content = files("evaluation").joinpath("dangers.yaml").read_bytes()
    return msgspec.yaml.decode(content, type=dict[str, list[str]])


def main() -> None:
    """Print how many texts of each danger ring; of `NONE` none should."""
    table = Table("danger", "texts", "rang")
    for danger, texts in load().items():
        table.add_row(danger, f"{len(texts)}", f"{sum(map(tells_of_danger, texts))}")
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
