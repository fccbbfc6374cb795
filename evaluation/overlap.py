"""Says which of our texts for training are near one that judges the result.

    python -m evaluation.overlap --data DIR [--cases DIR]

Those are the challenges, the labelled sets, `evaluation/texts`, and the events of `--cases`.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from evaluation import challenges
from evaluation.heads import judging
from evaluation.sets import origins
from training.data import read_csv
from training.texts.corpus import corpus, read
from training.texts.variety import near_pairs


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled sets (NAME.csv.gz).")],
    cases: Annotated[list[Path] | None, typer.Option(help="Folders of cases (*.jsonl).")] = None,
) -> None:
    """Print the texts that are near one; end with 1 where there are any."""
    texts = [text.text for text in read(corpus())[0]]
    out, near = Console(soft_wrap=True, highlight=False), set[int]()
    for name, others in judges(data, cases or []).items():
        for pair in near_pairs(texts, others):
            near.add(pair.left)
            out.print(f"{name}: {texts[pair.left]!r} ~ {others[pair.right]!r}", markup=False)
    out.print(f"{len(near)} of {len(texts):,} texts are near one that judges the result")
    raise typer.Exit(bool(near))


def judges(data: Path, cases: list[Path]) -> dict[str, list[str]]:
    """Return the texts that judge the result, by where they are from."""
    found = {
        f"challenge {name}": [item.text for item in its] for name, its in challenges.load().items()
    }
    found |= {name: read_csv(data / f"{name}.csv.gz")[0] for name in origins()}
    found["evaluation/texts"] = [text.text for text in read(judging())[0]]
    for folder in cases:
        found |= {file.stem: list(_texts_of(file)) for file in sorted(folder.glob("*.jsonl"))}
    return found


def _texts_of(file: Path) -> Iterator[str]:
    """Yield the texts of a file of events; lines that are none are cases of something else."""
    for line in file.read_bytes().splitlines():
        with suppress(msgspec.MsgspecError, KeyError, TypeError):
            yield str(msgspec.json.decode(line)["text"])


if __name__ == "__main__":
    typer.run(main)
