"""What `auto` asks `strong` about, and how sure `strong` may be there.

    python -m training.doubts --data DIR

On texts that neither engine was trained on it prints, by language, the share that `fast` doubts
(`auto.DOUBT`) and how often each engine is right on it, and by how much the temperature of `strong`
(Guo et al. 2017) is higher on what `fast` doubts than on all of these texts (`auto.DOUBTFUL`).
"""

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console

from pipeline.text import cues
from pipeline.text.auto import DOUBT, doubtful_rows
from pipeline.text.calibration import Card, softmax
from pipeline.text.language import detect
from pipeline.text.normalise import fold
from pipeline.text.strong import StrongEngine
from training.calibration import temperature
from training.unseen import unseen


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    weights: Annotated[Path, typer.Option(help="Where the cards are.")] = Path(
        "pipeline/text/weights"
    ),
    seed: Annotated[int, typer.Option(help="The seed of the training of both engines.")] = 1,
) -> None:
    """Print what the two engines say of held-out texts that `fast` doubts."""
    texts, labels, weight, logits = unseen(data, seed)
    language = np.array(detect(texts))
    card = msgspec.json.decode((weights / "fast.json").read_bytes(), type=Card)
    logits += cues.leanings(fold(texts))
    first = softmax(logits / card.temperatures(texts, language.tolist()))
    second = StrongEngine.load(weights, threads=2).probabilities(texts)
    doubted = np.zeros(len(texts), np.bool_)
    doubted[doubtful_rows(first, DOUBT)] = True

    console = Console()
    for name in np.unique(language):
        its = language == name
        right = [(one.argmax(axis=1) == labels)[its & doubted].mean() for one in (first, second)]
        console.print(f"{name}: doubts {doubted[its].mean():.0%} of {its.sum():,} texts", end="; ")
        console.print(f"there fast is right {right[0]:.0%}, strong {right[1]:.0%}")
    there = temperature(second[doubted], labels[doubted], weight[doubted])
    console.print(f"temperature of strong {there / temperature(second, labels, weight):.2f} times")


if __name__ == "__main__":
    typer.run(main)
