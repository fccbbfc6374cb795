"""Texts that neither engine was trained on, and what `fast` says of them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.text.fast import logits_of
from training.data import sources
from training.fast import collect, fit, read, scores
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
    texts, labels, source = read(folder, chosen, seed)
    held_out = np.concatenate(
        [
            is_held_out(name, one, count, seed)
            for (name, one), count in zip(chosen.items(), np.bincount(source).tolist(), strict=True)
        ]
    )
    examples = collect(folder, chosen, seed)
    model = fit(examples, np.flatnonzero(~held_out), every, seed)
    rows = np.flatnonzero(held_out)
    return Unseen(
        [texts[row] for row in rows],
        np.array(labels)[rows],
        np.array([one.weight for one in every])[np.array(source)[rows]],
        logits_of(scores(model, *examples.features.rows(rows))),
    )
