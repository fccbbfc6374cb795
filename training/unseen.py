"""Texts that neither engine was trained on, and what `fast` says of them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.text.fast import logits_of
from training.data import sources
from training.fast import collect, fit, scores
from training.strong_plan import is_held_out


class Unseen(NamedTuple):
    """Texts with their labels and the weights of their sources; `logits` (texts, 3) of `fast`."""

    texts: list[str]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    logits: NDArray[np.float64]


def unseen(folder: Path, seed: int) -> Unseen:
    """Train `fast` anew without the texts that were held out from `strong`; return these."""
    chosen = sources()
    every = list(chosen.values())
    examples = collect(folder, chosen, seed)
    counts = np.bincount(examples.source).tolist()
    held_out = np.concatenate(
        [
            is_held_out(name, one, count, seed)
            for (name, one), count in zip(chosen.items(), counts, strict=True)
        ]
    )
    model = fit(examples, np.flatnonzero(~held_out), every, seed)
    rows = np.flatnonzero(held_out)
    return Unseen(
        [examples.texts[row] for row in rows],
        examples.labels[rows],
        np.array([one.weight for one in every])[examples.source[rows]],
        logits_of(scores(model, *examples.features.rows(rows))),
    )
