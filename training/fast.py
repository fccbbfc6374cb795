"""Train the engine `fast`: `python -m training.fast --data DIR`.

Multinomial logistic regression on hashed n-grams, by Adagrad (Duchi et al. 2011) in minibatches.
Every source has an intercept of its own while training, so that words need not explain why one
source has more negative texts than another; only the common intercept is shipped. The temperature
(Guo et al. 2017) is fitted on texts that were held out, read as the engine will read them;
`training.temperatures` says by how much it is higher elsewhere.

What `training.teacher` wrote tells it how sure `strong` is of which label (distillation, Hinton et
al. 2015): a text teaches by half what its source says of it, and by half what `strong` says.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from pipeline.text.fast import FastCard
from pipeline.text.features import BITS
from training.calibration import (
    calibrate,
    calibration,
    probabilities_of,
    spelled,
    versioned,
)
from training.data import Matrix, Source, batches, load, matrix, sources

EPOCHS: Final = 2
BATCH: Final = 512
RATE: Final = 0.3
HELD_OUT: Final = 0.03
TAUGHT: Final = 0.5
"""Share of the teacher's opinion where there is one."""
_SIDES: Final = (0, 2)  # columns of negative and positive; neutral is the reference

Floats = NDArray[np.float32]


@dataclass
class Examples:
    """All training texts, their features and labels, and the number of each text's source.

    `taught` (texts, 3) are the teacher's probabilities, 0 in all columns where it was not asked.
    """

    texts: list[str]
    features: Matrix
    labels: NDArray[np.int64]
    source: NDArray[np.int64]
    taught: Floats


@dataclass
class Model:
    """`weights` (2, 2**BITS) and `bias` (2) are shipped; `intercepts` (sources, 2) are not."""

    weights: Floats
    bias: NDArray[np.float64]
    intercepts: NDArray[np.float64]


def read(
    folder: Path, chosen: dict[str, Source], seed: int
) -> tuple[list[str], list[int], list[int]]:
    """Return texts, labels, and the number of the source of each."""
    texts: list[str] = []
    labels: list[int] = []
    source: list[int] = []
    for number, (name, one) in enumerate(chosen.items()):
        its_texts, its_labels = load(name, one, folder, seed)
        texts += its_texts
        labels += its_labels
        source += [number] * len(its_texts)
    return texts, labels, source


def collect(
    folder: Path, chosen: dict[str, Source], seed: int, teacher: Path | None = None
) -> Examples:
    """Read all sources and hash their texts; `teacher` is what training.teacher wrote."""
    texts, labels, source = read(folder, chosen, seed)
    taught = np.zeros((len(texts), 3), np.float32)
    if teacher:
        with np.load(teacher) as answers:
            taught[answers["rows"]] = answers["shares"]
    return Examples(texts, matrix(texts), np.array(labels), np.array(source), taught)


def scores(model: Model, features: Matrix, row_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (rows, 2): scores of negative and positive, before any intercept of a source."""
    rows = len(features.bounds) - 1
    sums = [
        np.bincount(row_of, side[features.buckets] * features.values, minlength=rows)
        for side in model.weights
    ]
    return np.stack(sums, axis=1) + model.bias


def fit(examples: Examples, rows: NDArray[np.int64], chosen: list[Source], seed: int) -> Model:
    """Fit on `rows` of the examples, each counted by the weight of its source."""
    rng = np.random.default_rng(seed)
    model = Model(np.zeros((2, 1 << BITS), np.float32), np.zeros(2), np.zeros((len(chosen), 2)))
    squares = np.full_like(model.weights, 1e-3)
    weight = np.array([source.weight for source in chosen])
    has_intercept = np.array([source.intercept for source in chosen])[:, None]
    truth = np.eye(3)
    plan = [batch for _ in range(EPOCHS) for batch in batches(rng.permutation(rows), BATCH)]
    for step, batch in enumerate(track(plan, "Training", console=Console(stderr=True))):
        rate = RATE * (1 - 0.9 * step / len(plan))
        features, row_of = examples.features.rows(batch)
        source = examples.source[batch]
        said = scores(model, features, row_of)
        taught = examples.taught[batch]
        share = TAUGHT * taught.sum(axis=1, keepdims=True)
        predicted = probabilities_of(said + model.intercepts[source])
        own = (1 - share) * (predicted - truth[examples.labels[batch]])
        own = own[:, _SIDES] * weight[source][:, None]
        copied = (share * (probabilities_of(said) - taught))[:, _SIDES] * weight[source][:, None]
        error = own + copied
        model.bias -= 0.3 * rate * error.mean(axis=0)
        by_source = np.stack(
            [np.bincount(source, side, minlength=len(chosen)) for side in own.T], axis=1
        )
        model.intercepts -= 5 * rate / len(batch) * by_source * has_intercept
        for side, its_squares, its_error in zip(model.weights, squares, error.T, strict=True):
            gradient = np.bincount(
                features.buckets, its_error[row_of] * features.values, minlength=1 << BITS
            )
            (touched,) = np.nonzero(gradient)
            mean = gradient[touched] / len(batch)
            its_squares[touched] += mean**2 * len(batch)
            side[touched] -= rate * mean * np.sqrt(len(batch) / its_squares[touched])
    return model


def held_out_rows(
    examples: Examples, chosen: list[Source], seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which texts not to train on, and the rows of those that nobody made up."""
    held_out = np.random.default_rng(seed).random(len(examples.labels)) < HELD_OUT
    made_up = np.array([source.is_ours for source in chosen])
    return held_out, np.flatnonzero(held_out & ~made_up[examples.source])


def train(
    folder: Path, seed: int, teacher: Path | None = None
) -> tuple[NDArray[np.int8], FastCard]:
    """Return the weights, rounded to eight bits, and their card."""
    chosen = sources()
    examples = collect(folder, chosen, seed, teacher)
    held_out, rows = held_out_rows(examples, list(chosen.values()), seed)
    model = fit(examples, np.flatnonzero(~held_out), list(chosen.values()), seed)
    scale = float(np.quantile(np.abs(model.weights[model.weights != 0]), 0.9999)) / 127
    rounded = np.clip(np.rint(model.weights / scale), -127, 127).astype(np.int8)
    rounded[:, 0] = 0
    model.weights = rounded.astype(np.float32) * np.float32(scale)

    temperature = calibrate(scores(model, *examples.features.rows(rows)), examples.labels[rows])
    names, texts = np.unique(examples.source, return_counts=True)
    card = FastCard(
        version="",
        seed=seed,
        data={list(chosen)[name]: int(count) for name, count in zip(names, texts, strict=True)},
        temperature=temperature,
        ratios=calibration().ratios,
        scale=scale,
        bias=(float(model.bias[0]), float(model.bias[1])),
    )
    return rounded, versioned(card, rounded.tobytes())


def main(
    data: Annotated[Path, typer.Option(help="Folder of the labelled texts (NAME.csv.gz).")],
    out: Annotated[Path, typer.Option(help="Where to write the weights.")] = Path(
        "pipeline/text/weights"
    ),
    seed: Annotated[int, typer.Option(help="Same seed and data, same weights.")] = 1,
    teacher: Annotated[Path | None, typer.Option(help="What training.teacher wrote.")] = None,
) -> None:
    """Train the engine `fast` and write fast.npz and fast.json."""
    weights, card = train(data, seed, teacher)
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / "fast.npz", weights=weights)
    (out / "fast.json").write_bytes(spelled(card))
    Console(stderr=True).print(f"Wrote {card.version} to {out}")


if __name__ == "__main__":
    typer.run(main)
