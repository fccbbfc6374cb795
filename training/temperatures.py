"""How sure the engines may be of texts from elsewhere.

    python -m training.temperatures --data DIR

Held-out texts of the sources trained on do not show how often an engine is wrong on others. So
`fast` is trained without each source of opinions in turn, and the temperature is fitted on that
source. A language has the geometric mean of its sources, by their weights; any other language has
that of all. What is kept is the ratio to the temperature on held-out texts: `strong`, whose
training takes longer than an hour, gets the ratios of `fast`.

It writes training/temperatures.yaml, and the ratios into the cards of the shipped engines.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer
from rich.console import Console

from pipeline.text.calibration import Card
from pipeline.text.fast import FastCard
from pipeline.text.language import UNKNOWN
from training.calibration import FILE, Calibration, calibrate, spelled, versioned
from training.data import Source, sources
from training.fast import Examples, collect, fit, held_out_rows, scores

AT_MOST: Final = 4_000
"""Texts of a source that its temperature is fitted on."""


def found(folder: Path, seed: int) -> Calibration:
    """Train once with all sources, and once without each source of opinions."""
    chosen, console = sources(), Console(stderr=True)
    examples = collect(folder, chosen, seed)
    every = list(chosen.values())
    held_out, rows = held_out_rows(examples, every, seed)
    left_out = {}
    for number, (name, source) in enumerate(chosen.items()):
        if source.opinions:
            console.print(f"Without {name}")
            left_out[name] = _left_out(examples, number, every, seed)
    console.print("With all sources")
    model = fit(examples, np.flatnonzero(~held_out), every, seed)
    inside = calibrate(scores(model, *examples.features.rows(rows)), examples.labels[rows])
    return Calibration(inside, left_out, ratios(left_out, inside, chosen))


def _left_out(examples: Examples, number: int, chosen: list[Source], seed: int) -> float:
    is_its = examples.source == number
    model = fit(examples, np.flatnonzero(~is_its), chosen, seed)
    some = np.random.default_rng(seed).permutation(np.flatnonzero(is_its))[:AT_MOST]
    return calibrate(scores(model, *examples.features.rows(some)), examples.labels[some])


def ratios(
    left_out: Mapping[str, float], held_out: float, chosen: Mapping[str, Source]
) -> dict[str, float]:
    """Return by language how many times as high the temperature is on a source left out."""

    def of(names: list[str]) -> float:
        logs = np.log([left_out[name] for name in names])
        mean = np.exp(np.average(logs, weights=[chosen[name].weight for name in names]))
        return round(float(mean) / held_out, 2)

    languages = dict.fromkeys(name.partition("_")[0] for name in left_out)
    by_language = {
        language: of([name for name in left_out if name.startswith(f"{language}_")])
        for language in languages
    }
    return {**by_language, UNKNOWN: of(list(left_out))}


def recalibrate(weights: Path, ratios: dict[str, float]) -> list[Card]:
    """Write the ratios into the cards of `fast` and `strong`; return these."""
    with np.load(weights / "fast.npz") as arrays:
        table = arrays["weights"].tobytes()
    model = [(weights / f"strong.{end}").read_bytes() for end in ("onnx", "tokenizer.json")]
    kinds: list[tuple[str, type[Card], bytes]] = [
        ("fast.json", FastCard, table),
        ("strong.json", Card, b"".join(model)),
    ]
    cards = []
    for name, kind, content in kinds:
        card = msgspec.json.decode((weights / name).read_bytes(), type=kind)
        card = versioned(msgspec.structs.replace(card, ratios=ratios), content)
        (weights / name).write_bytes(spelled(card))
        cards.append(card)
    return cards


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    out: Annotated[Path, typer.Option(help="Where to write temperatures.yaml.")] = Path("training"),
    weights: Annotated[Path, typer.Option(help="Where the cards are.")] = Path(
        "pipeline/text/weights"
    ),
    seed: Annotated[int, typer.Option(help="Same seed and data, same temperatures.")] = 1,
) -> None:
    """Fit the temperatures by language, and write them down."""
    calibration = found(data, seed)
    comment = b"# What `python -m training.temperatures` found with `fast`; see there.\n"
    (out / FILE).write_bytes(comment + msgspec.yaml.encode(calibration))
    for card in recalibrate(weights, calibration.ratios):
        Console(stderr=True).print(f"Wrote {card.version}: {calibration.ratios}")


if __name__ == "__main__":
    typer.run(main)
