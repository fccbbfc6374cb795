"""How telling each cue of `pipeline/text/data/cues.yaml` is, beside what `fast` knows.

    python -m training.cues --data DIR

For each cue: in how many texts it is heard, in what share of these it is right, and which log-odds
fit best (least log loss, drawn a little to the ones in the file) where all other cues stay as they
are. Once on the sentences that we wrote, most of which are about services; once
on held-out texts of others, which are films, news and small talk, where a cue is seldom meant.
"""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline.model.reading import LABELS
from pipeline.text.calibration import Card, softmax
from pipeline.text.cues import LEXICON, Cue, find_cues, leanings
from pipeline.text.fast import FastEngine
from pipeline.text.normalise import Folded, fold
from training.data import sentences
from training.unseen import unseen

_DRAWN: Final = 0.6
"""Log loss for each squared nat away from the file."""
_CANDIDATES: Final = np.arange(-2.0, 6.01, 0.1)


def rows_of(folded: Folded) -> dict[str, list[int]]:
    """Return, for each cue, the numbers of the texts that have it."""
    rows: dict[str, set[int]] = {name: set() for name in LEXICON.cues}
    for cue in find_cues(folded):
        rows[cue.name].add(cue.text)
    return {name: sorted(texts) for name, texts in rows.items()}


def fitted(cue: Cue, labels: NDArray[np.int64], logits: NDArray[np.float64]) -> tuple[float, float]:
    """Return how often a cue is right on the texts that have it, and its best log-odds there.

    `logits` (texts, 3) are those of the engine with the cues.
    """
    if not len(labels):
        return np.nan, np.nan
    column = LABELS.index(cue.label)
    mine = logits.copy()

    def loss(log_odds: float) -> float:
        mine[:, column] = logits[:, column] + log_odds - cue.log_odds
        told = softmax(mine)[np.arange(len(labels)), labels]
        return float(-np.log(told + 1e-9).sum() + _DRAWN * (log_odds - cue.log_odds) ** 2)

    return float((labels == column).mean()), min(_CANDIDATES.tolist(), key=loss)


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
    of_theirs = fold(theirs.texts)
    sets = [
        (rows_of(fold(ours)), our_labels, our_logits),
        (rows_of(of_theirs), theirs.labels, theirs.logits + leanings(of_theirs)),
    ]
    table = Table("cue", "in the file", "ours", "right", "best", "others'", "right", "best")
    for name, cue in LEXICON.cues.items():
        columns = []
        for heard, labels, logits in sets:
            rows = heard[name]
            right, best = fitted(cue, labels[rows], logits[rows])
            columns += [f"{len(rows)}", f"{right:.2f}", f"{best:.1f}"]
        table.add_row(name, f"{cue.log_odds}", *columns)
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
