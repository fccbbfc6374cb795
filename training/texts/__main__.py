"""Checks texts written for training: their form, their variety, what they share with others.

python -m training.texts check [FILE ...]
python -m training.texts overlap --data DIR --cases DIR
python -m training.texts sample --size 500 --seed 1 > UNLABELLED
python -m training.texts agree FILE FILE
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from evaluation.challenges import load
from evaluation.sets import origins
from training.data import read_csv
from training.texts.agreement import agreements
from training.texts.corpus import Written, corpus, escaped, names, read
from training.texts.variety import near_pairs, variety

app: Final = typer.Typer(help=__doc__, no_args_is_help=True)
Files = Annotated[
    list[Path] | None, typer.Argument(exists=True, help="Files of texts; all, if left out.")
]
MOST_NEAR: Final = 0.01
"""Share of texts that may nearly repeat an earlier one."""


@app.command()
def check(paths: Files = None) -> None:
    """Say what is wrong in the form of texts, and how varied they are."""
    texts, flaws = read(paths or corpus())
    out = Console(soft_wrap=True, highlight=False)
    for flaw in flaws:
        out.print(str(flaw), markup=False)
    seen = variety([text.text for text in texts])
    out.print(
        f"{seen.texts:,} texts, {seen.words:,} words, {seen.vocabulary:,} different; "
        f"{seen.openings:.0%} of openings differ, most often: "
        + ", ".join(f"{words} ({count})" for words, count in seen.common)
    )
    out.print(f"{seen.near:,} nearly repeat another ({seen.near / max(1, seen.texts):.2%})")
    for title, counts in _counts(texts).items():
        out.print(f"{title}: " + ", ".join(f"{name} {count}" for name, count in counts))
    if flaws or seen.near > MOST_NEAR * seen.texts:
        raise typer.Exit(1)


@app.command()
def overlap(
    data: Annotated[Path, typer.Option(help="Folder of the labelled sets (NAME.csv.gz).")],
    cases: Annotated[list[Path] | None, typer.Option(help="Folders of cases (*.jsonl).")] = None,
) -> None:
    """Say which texts are near one that judges the result: sets, challenges, cases."""
    texts, _ = read(corpus())
    out, near = Console(soft_wrap=True, highlight=False), set[int]()
    for name, others in _judging(data, cases or []).items():
        for pair in near_pairs([text.text for text in texts], others):
            near.add(pair.left)
            said = f"{name}: {texts[pair.left].text!r} ~ {others[pair.right]!r}"
            out.print(said, markup=False)
    out.print(f"{len(near)} of {len(texts):,} texts are near one that judges the result")
    raise typer.Exit(bool(near))


def _judging(data: Path, cases: list[Path]) -> dict[str, list[str]]:
    """Return the texts that judge the result, by where they are from."""
    found = {f"challenge {name}": [item.text for item in its] for name, its in load().items()}
    found |= {name: read_csv(data / f"{name}.csv.gz")[0] for name in origins()}
    for folder in cases:
        for file in sorted(folder.glob("*.jsonl")):
            found[file.stem] = list(_texts_of(file))
    return found


def _texts_of(file: Path) -> Iterator[str]:
    """Yield the texts of a file of events; lines that are none are cases of something else."""
    for line in file.read_bytes().splitlines():
        with suppress(msgspec.MsgspecError, KeyError, TypeError):
            yield str(msgspec.json.decode(line)["text"])


def _counts(texts: list[Written]) -> Mapping[str, Sequence[tuple[str, int]]]:
    """Return how often each label occurs, by kind."""
    known = names()
    marks = Counter(name for text in texts for name in {mark.name for mark in text.marks})
    return {
        "Polarity": Counter(text.label for text in texts).most_common(),
        "Style": Counter(text.style for text in texts).most_common(),
        "Anger": sorted(Counter(str(text.anger) for text in texts).items()),
        "Urgency": sorted(Counter(str(text.urgency) for text in texts).items()),
        "Reasons": Counter(reason for text in texts for reason in text.reasons).most_common(),
        "Author": Counter(text.author for text in texts).most_common(),
        "Manner": Counter(text.manner for text in texts).most_common(),
        "Ironic": [("texts", sum(text.irony for text in texts))],
        "Vulnerable": [("texts", sum(text.vulnerable for text in texts))],
        "Intents": [(name, marks[name]) for name in known.intents],
        "Acts": [(name, marks[name]) for name in known.acts],
        "Topics": [(name, marks[name]) for name in known.topics],
        "Not the author's": [(name, marks[name]) for name in known.others],
    }


@app.command()
def unlabelled(
    paths: Files = None,
    size: Annotated[int | None, typer.Option(help="How many texts; all, if left out.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same texts.")] = 1,
) -> None:
    """Print texts without their labels, in any order, for a second reader to label."""
    texts, _ = read(paths or corpus())
    for text in random.Random(seed).sample(texts, size or len(texts)):
        typer.echo(f"@ {text.language} {text.sector} {text.style}\n? | {escaped(text.text)}")


@app.command()
def agree(first: Path, second: Path) -> None:
    """Say how far two readers agree on the texts that both have labelled."""
    readings = [{text.text: text for text in read([path])[0]} for path in (first, second)]
    both = [text for text in readings[0] if text in readings[1]]
    pairs = [[reading[text] for text in both] for reading in readings]
    table = Table("label", "kappa", "same", "texts with it", box=None)
    for it in agreements(*pairs):
        table.add_row(it.label, f"{it.kappa:.2f}", f"{it.share:.1%}", str(it.texts))
    Console().print(table)


if __name__ == "__main__":
    app()
