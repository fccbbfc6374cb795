"""Checks texts written for training: their form, their variety, how far readers agree.

python -m training.texts check [FILE ...]
python -m training.texts unlabelled [FILE ...] --size 500 > FILE
python -m training.texts agree FILE FILE
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from training.texts.agreement import agreements
from training.texts.corpus import Written, corpus, escaped, names, read
from training.texts.variety import variety

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
