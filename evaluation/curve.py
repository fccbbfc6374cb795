"""Computes the accuracy of `auto` by the share of texts that `strong` reads."""

from typing import Final

import msgspec
import numpy as np

from evaluation.measures import Interval, Ints, mean
from pipeline.text.engine import FloatArray

SHARES: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


class Point(msgspec.Struct, frozen=True):
    """A point of the curve: the share that `strong` reads; rate in texts per second and core."""

    share: float
    accuracy: Interval
    rate: float


def curve(
    fast: FloatArray,
    strong: FloatArray,
    labels: Ints,
    rates: tuple[float, float],
    rng: np.random.Generator,
) -> list[Point]:
    """Return a point per share: `strong` decides the texts of which `fast` is least sure.

    Probabilities are of shape (n, 3); `rates` are texts per second of `fast` and `strong`.
    """
    least_sure_first = fast.max(axis=1).argsort(kind="stable")
    of_fast, of_strong = rates
    points = []
    for share in SHARES:
        doubted = least_sure_first[: round(share * len(labels))]
        predicted = fast.argmax(axis=1)
        predicted[doubted] = strong[doubted].argmax(axis=1)
        accuracy = mean([predicted == labels], rng)
        points.append(Point(share, accuracy, 1 / (1 / of_fast + share / of_strong)))
    return points
