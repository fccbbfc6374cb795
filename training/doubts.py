"""What `auto` asks `strong` about, and how sure `strong` may be there.

    python -m training.doubts --data DIR

On texts that neither engine was trained on: `fast` is trained anew without those that were held
out from `strong`. It prints, by language, the share that `fast` doubts (`auto.DOUBT`) and how often
each engine is right on it, and by how much the temperature of `strong` (Guo et al. 2017) is higher
on what `fast` doubts than on all of these texts (`auto.DOUBTFUL`).
"""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from pipeline.text import cues
from pipeline.text.auto import DOUBT, doubtful_rows
from pipeline.text.calibration import Card, softmax, tempered
from pipeline.text.engine import FloatArray
from pipeline.text.fast import logits_of
from pipeline.text.language import detect
from pipeline.text.normalise import fold
from pipeline.text.strong import StrongEngine
from training.data import sources
from training.fast import collect, fit, read, scores
from training.strong_plan import is_held_out

_LEAST: Final = 1e-6


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    weights: Annotated[Path, typer.Option(help="Where the cards are.")] = Path(
        "pipeline/text/weights"
    ),
    seed: Annotated[int, typer.Option(help="The seed of the training of both engines.")] = 1,
) -> None:
    """Print what the two engines say of held-out texts that `fast` doubts."""
    chosen, console = sources(), Console()
    all_texts, all_labels, source = read(data, chosen, seed)
    counts = np.bincount(source)
    held_out = np.concatenate(
        [
            is_held_out(name, one, count, seed)
            for (name, one), count in zip(chosen.items(), counts.tolist(), strict=True)
        ]
    )
    examples = collect(data, chosen, seed)
    model = fit(examples, np.flatnonzero(~held_out), list(chosen.values()), seed)

    rows = np.flatnonzero(held_out)
    texts, labels = [all_texts[row] for row in rows], np.array(all_labels)[rows]
    card = msgspec.json.decode((weights / "fast.json").read_bytes(), type=Card)
    logits = logits_of(scores(model, *examples.features.rows(rows))) + cues.leanings(fold(texts))
    first = softmax(logits / card.temperatures(texts, None))
    second = StrongEngine.load(weights, threads=2).probabilities(texts)
    doubted = np.zeros(len(rows), np.bool_)
    doubted[doubtful_rows(first, DOUBT)] = True

    language = np.array(detect(texts))
    for name in np.unique(language):
        its = language == name
        asked = its & doubted
        right = [(one.argmax(axis=1) == labels)[asked].mean() for one in (first, second)]
        console.print(f"{name}: doubts {doubted[its].mean():.0%} of {its.sum():,} texts", end="; ")
        console.print(f"there fast is right {right[0]:.0%}, strong {right[1]:.0%}")
    weight = np.array([one.weight for one in chosen.values()])[np.array(source)[rows]]
    there = temperature(second[doubted], labels[doubted], weight[doubted])
    console.print(f"temperature of strong {there / temperature(second, labels, weight):.2f} times")


def temperature(
    shares: FloatArray, labels: NDArray[np.int64], weight: NDArray[np.float64]
) -> float:
    """Return the temperature with the least log loss, to a hundredth."""

    def loss(candidate: float) -> float:
        told = tempered(shares, candidate)[np.arange(len(labels)), labels]
        return float(-(weight * np.log(told + _LEAST)).sum())

    candidates: list[float] = np.arange(0.5, 3.0, 0.01).round(2).tolist()
    return min(candidates, key=loss)


if __name__ == "__main__":
    typer.run(main)
