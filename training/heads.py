"""Train the heads of `pipeline.text.heads`: `python -m training.heads`.

All heads are columns of one logistic regression on the hashed n-grams of our own texts, and on what
phrases find there, by Adagrad (Duchi et al. 2011) in minibatches. Those of clauses learn from
clauses: one shows what a mark names that covers half of it, or of which it covers half. Thresholds
are those of the highest F1 over texts that a model of the other folds reads (of heads of texts the
highest F0.5, since few texts have what they ask); a conversation is in one fold.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.sparse import csr_array
from sklearn.model_selection import GroupKFold

from pipeline.text.heads import Head, HeadsCard
from training.calibration import spelled, versioned
from training.data import batches
from training.heads_examples import HIT_NAMES, Examples, Truth, examples_of
from training.texts.corpus import Written, corpus, names, read

EPOCHS: Final = 12
BATCH: Final = 128
RATE: Final = 0.1
DECAY: Final = 1e-4
FOLDS: Final = 5
ALARMS: Final = 0.0005
"""Share of texts without an intent that a head may surely say to have it: alerts hang on it."""
PRECISE: Final = 0.5
"""Weight of recall against precision for heads of texts."""
LEAST: Final = 40
"""Texts that have something below which no head learns it."""

OF_TEXTS: Final[Mapping[str, Callable[[Written], bool]]] = {
    **{f"anger:{level}": lambda text, it=level: text.anger >= it for level in (1, 2, 3)},  # type: ignore[misc]
    **{f"urgency:{level}": lambda text, it=level: text.urgency >= it for level in (1, 2, 3)},  # type: ignore[misc]
    **{name: lambda text, it=name: it in text.reasons for name in names().reasons},  # type: ignore[misc]
    "irony": lambda text: text.irony,
    "rude": lambda text: text.manner == "rude",
    "polite": lambda text: text.manner == "polite",
    "vulnerable": lambda text: text.vulnerable,
    "company": lambda text: text.author != "customer",
}
"""What heads of texts say yes to."""


class Model(NamedTuple):
    """`weights` (features, heads) and `biases` (heads)."""

    weights: NDArray[np.float32]
    biases: NDArray[np.float64]

    def scores(self, features: csr_array) -> NDArray[np.float64]:
        """Return the log-odds of each row, shape (rows, heads)."""
        scores: NDArray[np.float64] = features @ self.weights + self.biases
        return scores


def fit(features: csr_array, truth: Truth, seed: int) -> Model:
    """Fit a column of weights for each column of `truth`."""
    rng = np.random.default_rng(seed)
    shares = (truth.sum(axis=0) + 0.5) / (len(truth) + 1)
    model = Model(
        np.zeros((features.shape[1], truth.shape[1]), np.float32), np.log(shares / (1 - shares))
    )
    squares = np.full_like(model.weights, 1e-3)
    plan = [rows for _ in range(EPOCHS) for rows in batches(rng.permutation(len(truth)), BATCH)]
    for step, rows in enumerate(track(plan, "Training", console=Console(stderr=True))):
        rate = RATE * (1 - 0.9 * step / len(plan))
        some = features[rows]
        columns, places = np.unique(some.indices, return_inverse=True)
        some = csr_array((some.data, places, some.indptr), shape=(len(rows), len(columns)))
        scores = some @ model.weights[columns] + model.biases
        error = (1 / (1 + np.exp(-scores)) - truth[rows]).astype(np.float32)
        gradient = some.T @ error / len(rows) + DECAY * model.weights[columns]
        squares[columns] += gradient**2 * len(rows)
        model.weights[columns] -= rate * gradient * np.sqrt(len(rows) / squares[columns])
        model.biases[:] -= 0.1 * rate * error.mean(axis=0)
    return model


class Trained(NamedTuple):
    """Heads of clauses or of texts: their names, model, thresholds and F by other folds."""

    names: Sequence[str]
    model: Model
    thresholds: Sequence[float]
    sure: Sequence[float]
    quality: Sequence[float]


def of_clauses(examples: Examples, seed: int) -> Trained:
    """Train intents, acts and topics, each on the texts that may have it."""
    known = names()
    company = np.array([text.author != "customer" for text in examples.texts])
    asked = {
        **dict.fromkeys(known.intents, ~company),
        **dict.fromkeys(known.acts, company),
        **dict.fromkeys(known.topics, np.ones_like(company)),
    }
    truth = np.array([[bool(text.named([name])) for name in asked] for text in examples.texts])
    taught = [name for name, column in zip(asked, truth.T, strict=True) if column.sum() >= LEAST]
    shown, columns = examples.shown(taught), [list(asked).index(name) for name in taught]
    scores = np.full((len(examples.texts), len(taught)), -np.inf)
    for fold, (_, test) in enumerate(_folds(examples)):
        is_test = np.isin(examples.owners, test)
        model = fit(examples.of_clauses[np.flatnonzero(~is_test)], shown[~is_test], seed + fold)
        of_test = model.scores(examples.of_clauses[np.flatnonzero(is_test)])
        np.maximum.at(scores, examples.owners[is_test], of_test)
    model = fit(examples.of_clauses, shown, seed)
    thresholds, sure, quality = list[float](), list[float](), list[float]()
    for name, column, its_scores in zip(taught, columns, scores.T, strict=True):
        its = its_scores[asked[name]], truth[asked[name], column]
        threshold, its_quality = _best(*its)
        thresholds.append(threshold)
        sure.append(threshold if name in known.topics else max(threshold, _exceeded(*its)))
        quality.append(its_quality)
    return Trained(taught, model, thresholds, sure, quality)


def of_texts(examples: Examples, seed: int) -> Trained:
    """Train what texts are."""
    truth = np.array([[ask(text) for ask in OF_TEXTS.values()] for text in examples.texts])
    kept = truth.sum(axis=0) >= LEAST
    taught, truth = [name for name, has in zip(OF_TEXTS, kept, strict=True) if has], truth[:, kept]
    scores = np.empty(truth.shape)
    for fold, (train, test) in enumerate(_folds(examples)):
        model = fit(examples.of_texts[train], truth[train], seed + fold)
        scores[test] = model.scores(examples.of_texts[test])
    model = fit(examples.of_texts, truth, seed)
    best = [_best(*pair, PRECISE) for pair in zip(scores.T, truth.T, strict=True)]
    thresholds, quality = zip(*best, strict=True)
    return Trained(taught, model, thresholds, thresholds, quality)


def _folds(examples: Examples) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    talks = [text.talk for text in examples.texts]
    return list(GroupKFold(FOLDS).split(talks, groups=talks))


def _exceeded(scores: NDArray[np.float64], truth: Truth) -> float:
    """Return the score that a share of ALARMS of the texts without something exceeds."""
    return float(np.quantile(scores[~truth], 1 - ALARMS))


def _best(scores: NDArray[np.float64], truth: Truth, beta: float = 1.0) -> tuple[float, float]:
    """Return the threshold with the highest F (van Rijsbergen 1979), and that F."""
    order = np.argsort(-scores)
    hits, said = np.cumsum(truth[order]), np.arange(1, len(truth) + 1)
    quality = (1 + beta**2) * hits / (said + beta**2 * truth.sum())
    place = int(quality.argmax())
    return float(scores[order][place]), float(quality[place])


def card_of(
    trained: Sequence[Trained], texts: Sequence[Written], seed: int
) -> tuple[NDArray[np.int8], NDArray[np.float32], HeadsCard]:
    """Return weights in eight bits, those of hits, and the card."""
    weights = np.concatenate([it.model.weights for it in trained], axis=1)
    grams, hits = weights[: -len(HIT_NAMES)], weights[-len(HIT_NAMES) :]
    scales = np.maximum(np.abs(grams).max(axis=0), 1e-6) / 127
    rounded = np.rint(grams / scales).astype(np.int8)
    biases = np.concatenate([it.model.biases for it in trained])
    heads = [
        Head(name, float(scale), float(bias), float(threshold), float(sure))
        for name, scale, bias, threshold, sure in zip(
            [name for it in trained for name in it.names],
            scales,
            biases,
            [threshold for it in trained for threshold in it.thresholds],
            [sure for it in trained for sure in it.sure],
            strict=True,
        )
    ]
    split = len(trained[0].names)
    counts = {"ours": len(texts)}
    card = HeadsCard("", seed, counts, tuple(HIT_NAMES), tuple(heads[:split]), tuple(heads[split:]))
    return rounded, hits, versioned(card, rounded.tobytes() + hits.tobytes())


def main(
    out: Annotated[Path, typer.Option(help="Where to write the weights.")] = Path(
        "pipeline/text/weights"
    ),
    seed: Annotated[int, typer.Option(help="Same seed and texts, same weights.")] = 1,
) -> None:
    """Train the heads and write heads.npz and heads.json."""
    texts, _ = read(corpus())
    examples, console = examples_of(texts), Console(stderr=True)
    trained = of_clauses(examples, seed), of_texts(examples, seed)
    table = Table("head", "threshold", "F by other folds", box=None)
    for it in trained:
        for name, threshold, quality in zip(it.names, it.thresholds, it.quality, strict=True):
            table.add_row(name, f"{threshold:.2f}", f"{quality:.2f}")
    console.print(table)
    weights, hits, card = card_of(trained, texts, seed)
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / "heads.npz", weights=weights, hits=hits)
    (out / "heads.json").write_bytes(spelled(card))
    console.print(f"Wrote {card.version} to {out}")


if __name__ == "__main__":
    typer.run(main)
