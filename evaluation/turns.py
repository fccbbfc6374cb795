"""Measures how many turns that refuse, miss or ask for a person are read, and how many others are.

python -m evaluation.turns
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.text.intents import find_acts, find_intents
from pipeline.text.normalise import fold
from pipeline.text.phrases import Matches, words_of

MEANINGS: Final = frozenset({"refuses_person", "not_understood", "ask_person"})
BY_CUSTOMER: Final = frozenset({"ask_person", "none_by_customer"})


class Turns(NamedTuple):
    """Texts of one meaning; of those that have none, what they must not be read as."""

    part: str
    meaning: str
    texts: list[str]

    def read_as_any(self) -> list[str]:
        """Return the texts that are read as this meaning; without one, as any."""
        find = find_intents if self.meaning in BY_CUSTOMER else find_acts
        names = {self.meaning} & MEANINGS or MEANINGS
        folded = fold(self.texts)
        found = find(folded, Matches(words_of(folded)))
        return [
            text
            for text, intents in zip(self.texts, found, strict=True)
            if not names.isdisjoint(intent.name for intent in intents)
        ]


def load() -> Iterator[Turns]:
    """Yield the turns of `turns.yaml`."""
    content = files("evaluation").joinpath("turns.yaml").read_bytes()
    for part, turns in msgspec.yaml.decode(content, type=dict[str, dict[str, list[str]]]).items():
        for meaning, texts in turns.items():
            yield Turns(part, meaning, texts)


def main() -> None:
    """Print how many texts are read as what they mean; of those that mean none, none should."""
    table = Table("part", "meaning", "texts", "read so")
    for turns in load():
        table.add_row(
            turns.part, turns.meaning, f"{len(turns.texts)}", f"{len(turns.read_as_any())}"
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
