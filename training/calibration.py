"""Temperatures (Guo et al. 2017), and by how much they are higher on sources not trained on."""

import hashlib
from importlib.resources import files
from typing import Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.text.calibration import softmax, tempered
from pipeline.text.engine import FloatArray
from pipeline.text.fast import logits_of

FILE: Final = "temperatures.yaml"

AnyCard = TypeVar("AnyCard", bound=msgspec.Struct)


class Calibration(msgspec.Struct, frozen=True):
    """What `training.temperatures` found with `fast`.

    `held_out` is the temperature on held-out texts of all sources, `left_out` that of each source
    when none of its texts were trained on; `ratios`, by language, of the latter to the former.
    """

    held_out: float
    left_out: dict[str, float]
    ratios: dict[str, float]


def probabilities_of(scores: NDArray[np.float64]) -> FloatArray:
    """Probabilities of (negative, neutral, positive) from scores of (negative, positive)."""
    return softmax(logits_of(scores))


def calibrate(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the temperature of scores of (negative, positive), to a hundredth."""
    return temperature(probabilities_of(logits), labels, np.ones(len(labels)))


def temperature(
    shares: FloatArray, labels: NDArray[np.int64], weight: NDArray[np.float64]
) -> float:
    """Return the temperature with the least log loss, to a hundredth."""

    def loss(candidate: float) -> float:
        told = tempered(shares, candidate)[np.arange(len(labels)), labels]
        return float(-(weight * np.log(told + 1e-9)).sum())

    candidates: list[float] = np.arange(0.5, 4.0, 0.01).round(2).tolist()
    return min(candidates, key=loss)


def calibration() -> Calibration:
    """Return what `temperatures.yaml` says."""
    content = files("training").joinpath(FILE).read_bytes()
    return msgspec.yaml.decode(content, type=Calibration)


def versioned(card: AnyCard, weights: bytes) -> AnyCard:
    """Return the card with a version that is another one for other weights or temperatures."""
    unversioned = msgspec.structs.replace(card, version="")
    digest = hashlib.sha256(weights + msgspec.json.encode(unversioned)).hexdigest()
    return msgspec.structs.replace(card, version=f"1-{digest[:8]}")


def spelled(card: msgspec.Struct) -> bytes:
    """Return the card as it stands beside the weights."""
    return msgspec.json.format(msgspec.json.encode(card)) + b"\n"
