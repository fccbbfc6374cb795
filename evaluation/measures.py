"""Figures of a sample with bootstrap confidence intervals.

Every figure is a function of totals over texts, so it is computed for all resamples at once: the
totals of a resample are a row of a matrix product.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.model.reading import LABELS
from pipeline.text.engine import FloatArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Values = NDArray[np.float64] | NDArray[np.bool_]

_NEGATIVE, _NEUTRAL, _POSITIVE = range(3)
_BINS: Final = 15
_RESAMPLES: Final = 1_000
_TAILS: Final = (0.025, 0.975)


class Interval(msgspec.Struct, frozen=True):
    """A figure of a sample and its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Measures(msgspec.Struct, frozen=True):
    """The quality of an engine on a labelled set, in shares from 0 to 1.

    `accuracy` and `macro_f1` (the mean over the labels of the set) are over three labels;
    `polar_accuracy` compares negative and positive only, on texts labelled as either; ties count
    half. `calibration_error` is the expected calibration error in 15 equal bins
    (Naeini et al. 2015); None if an engine's scores are not probabilities.
    """

    accuracy: Interval
    macro_f1: Interval
    polar_accuracy: Interval
    calibration_error: Interval | None


def measure(probabilities: FloatArray, labels: Ints, rng: np.random.Generator) -> Measures:
    """Compare probabilities of shape (n, 3) with labels 0 negative, 1 neutral, 2 positive."""
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = predicted == labels
    drawn = _resamples(len(labels), rng)
    says = np.sign(probabilities[:, _POSITIVE] - probabilities[:, _NEGATIVE])
    polar = labels != _NEUTRAL
    agrees = (1 + says * (labels - _NEUTRAL))[polar] / 2
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = drawn @ (_one_hot(bins, _BINS) * (confidence - right)[:, None])
    error = np.abs(gaps).sum(axis=1) / len(labels)
    # The gaps of a resample include its own noise, so they are too wide on average.
    error[1:] -= error[1:].mean() - error[0]
    return Measures(
        accuracy=_interval(_mean(drawn, right)),
        macro_f1=_interval(_macro_f1(drawn, predicted, labels)),
        polar_accuracy=_interval(_mean(drawn[:, polar], agrees)),
        calibration_error=_interval(error.clip(0, 1)),
    )


def _mean(drawn: Floats, values: Values) -> Floats:
    means: Floats = drawn @ values / np.maximum(drawn.sum(axis=1), 1)
    return means


def _macro_f1(drawn: Floats, predicted: Ints, labels: Ints) -> Floats:
    cells = _one_hot(labels * len(LABELS) + predicted, len(LABELS) ** 2)
    confusion = (drawn @ cells).reshape(-1, len(LABELS), len(LABELS))
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    f1 = 2 * hits / np.maximum(confusion.sum(axis=1) + confusion.sum(axis=2), 1)
    mean: Floats = f1[:, np.unique(labels)].mean(axis=1)
    return mean


def f1(truth: Values, predicted: Values, rng: np.random.Generator) -> Interval:
    """Return the mean F1 of columns of shape (n, labels) that are true of some text."""
    drawn = _resamples(len(truth), rng)
    known = truth.any(axis=0)
    said, true = predicted[:, known].astype(float), truth[:, known].astype(float)
    hits = drawn @ (said * true)
    return _interval((2 * hits / np.maximum(drawn @ (said + true), 1)).mean(axis=1))


def mean(groups: Sequence[Values], rng: np.random.Generator) -> Interval:
    """Return the mean of the group means, resampling within groups."""
    means = [_mean(_resamples(len(group), rng), group) for group in groups]
    return _interval(np.mean(means, axis=0))


def ratio(counts: Floats, costs: Floats, rng: np.random.Generator) -> Interval:
    """Return the ratio of the sums of `counts` and `costs`, resampling pairs."""
    drawn = _resamples(len(counts), rng)
    return _interval(drawn @ counts / (drawn @ costs))


def _resamples(n: int, rng: np.random.Generator) -> Floats:
    """Return how often each of n is drawn, by resample (row); the first row is the sample."""
    return np.vstack((np.ones(n), rng.multinomial(n, np.full(n, 1 / n), _RESAMPLES)))


def _interval(figures: Floats) -> Interval:
    """Return the percentile interval of figures, of which the first is the sample's."""
    low, high = np.quantile(figures[1:], _TAILS)
    return Interval(float(figures[0]), float(low), float(high))


def _one_hot(places: Ints, width: int) -> Floats:
    return np.eye(width)[places]
