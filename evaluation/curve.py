"""What accuracy `auto` has for how much of the time of `strong`."""

from typing import Final

import msgspec
import numpy as np

from evaluation.measures import Interval, Ints, mean
from pipeline.text.engine import FloatArray

SHARES: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


class Point(msgspec.Struct, frozen=True):
    """`share` of the texts are read by `strong` as well; texts a second of one core."""

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
    """Return a point a share: `strong` has the last word on the texts `fast` is least sure of.

    Probabilities are of shape (n, 3); `rates` are the texts a second of `fast` and of `strong`.
    """
    least_sure_first = fast.max(axis=1).argsort(kind="stable")
    of_fast, of_strong = rates
    points = []
    for share in SHARES:
        asked = least_sure_first[: round(share * len(labels))]
        predicted = fast.argmax(axis=1)
        predicted[asked] = strong[asked].argmax(axis=1)
        accuracy = mean([predicted == labels], rng)
        points.append(Point(share, accuracy, 1 / (1 / of_fast + share / of_strong)))
    return points
