"""How telling each cue of `pipeline/text/data/cues.yaml` is, beside what `fast` knows.

    python -m training.cues --data DIR

For each cue: in how many texts it is heard, in what share of these it is right, and which log-odds
fit best (least log loss, drawn a little to the ones in the file) where all other cues stay as they
are. Once on the sentences that we wrote, most of which are about services; once
on held-out texts of others, which are films, news and small talk, where a cue is seldom meant.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline.reading import LABELS
from pipeline.text.calibration import Card, softmax
from pipeline.text.cues import LEXICON, find_cues, leanings
from pipeline.text.fast import FastEngine
from pipeline.text.normalise import fold
from training.data import sentences
from training.unseen import unseen

_DRAWN: Final = 0.6
"""Log loss for each squared nat away from the file."""
_CANDIDATES: Final = np.arange(-2.0, 6.01, 0.1)


def fitted(
    name: str, texts: Sequence[str], labels: NDArray[np.int64], logits: NDArray[np.float64]
) -> tuple[int, float, float]:
    """Return in how many texts a cue is heard, how often it is right, and its best log-odds.

    `logits` (texts, 3) are those of the engine with the cues.
    """
    cue, folded = LEXICON.cues[name], fold(texts)
    column = LABELS.index(cue.label)
    rows = sorted({int(folded.owners(start)) for one, start, _ in find_cues(folded) if one == name})
    if not rows:
        return 0, np.nan, np.nan
    mine, truth = logits[rows].copy(), labels[rows]

    def loss(log_odds: float) -> float:
        mine[:, column] = logits[rows, column] + log_odds - cue.log_odds
        told = softmax(mine)[np.arange(len(rows)), truth]
        return float(-np.log(told + 1e-9).sum() + _DRAWN * (log_odds - cue.log_odds) ** 2)

    return len(rows), float((truth == column).mean()), min(_CANDIDATES.tolist(), key=loss)


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    weights: Annotated[Path, typer.Option(help="Where the weights of `fast` are.")] = Path(
        "pipeline/text/weights"
    ),
    seed: Annotated[int, typer.Option(help="The seed of the training of both engines.")] = 1,
) -> None:
    """Print how telling each cue is."""
    written = [sentences(language) for language in ("tr", "en")]
    ours = [text for texts, _ in written for text in texts]
    our_labels = np.array([label for _, labels in written for label in labels])
    card = msgspec.json.decode((weights / "fast.json").read_bytes(), type=Card)
    shares = FastEngine.load(weights).probabilities(ours).astype(float)
    our_logits = np.log(shares) * card.temperatures(ours, None)
    theirs = unseen(data, seed)
    table = Table("cue", "in the file", "ours", "right", "best", "others'", "right", "best")
    for name, cue in LEXICON.cues.items():
        columns = []
        for texts, labels, logits in (
            (ours, our_labels, our_logits),
            (theirs.texts, theirs.labels, theirs.logits + leanings(fold(theirs.texts))),
        ):
            heard, right, best = fitted(name, texts, labels, logits)
            columns += [f"{heard}", f"{right:.2f}", f"{best:.1f}"]
        table.add_row(name, f"{cue.log_odds}", *columns)
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
