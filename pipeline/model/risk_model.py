"""A fitted model of risk: the probability that a customer leaves, as plain numbers in a file."""

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pipeline.common.yaml_files import read_form

Positive = Annotated[float, Meta(gt=0)]
Weight = Annotated[float, Meta(ge=0)]
Probability = Annotated[float, Meta(gt=0, lt=1)]


class RiskModelError(Exception):
    """The file of a model is wrong; the message names the file and the field."""


class Bin(msgspec.Struct, frozen=True):
    """Customer-months of similar probability: its mean, and how many of them left.

    `share` is that of those who left, with its 95% Wilson interval; all from 0 to 1.
    """

    predicted: float
    n: int
    left: int
    share: float
    ci_low: float
    ci_high: float


class Check(msgspec.Struct, frozen=True):
    """How the model did on months after those that it was fitted on.

    `calibration_error` is the expected calibration error of the bins. `lift` is how much more often
    those of the highest tenth left than all, with its 95% interval.
    """

    start: datetime
    end: datetime
    n: int
    left: int
    calibration_error: float
    lift: float
    lift_low: float
    lift_high: float
    reliability: tuple[Bin, ...]


class RiskModel(msgspec.Struct, frozen=True):
    """A logistic model of leaving within `horizon_days`, monotone in every feature.

    `weights` are by feature: a rule, whose load it is, or a sign of `pipeline.detection.signs`.
    `n` and `left` are the customer-months that it was fitted on. `threshold` is the probability at
    which as many customers ring as by the score.
    """

    version: Literal[1]
    fitted_at: datetime
    start: datetime
    end: datetime
    n: int
    left: int
    horizon_days: int
    half_life_days: Positive
    rules_version: str
    intercept: float
    weights: dict[str, Weight]
    threshold: Probability
    check: Check

    def parts(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return what each feature adds to the log-odds, without those that add nothing."""
        parts = {name: self.weights.get(name, 0.0) * value for name, value in features.items()}
        return {name: part for name, part in parts.items() if part > 0}

    def probability(self, total: float) -> float:
        """Return the probability of leaving, given the sum of the parts."""
        return 1 / (1 + math.exp(-(self.intercept + total)))

    @property
    def digest(self) -> str:
        """Identifies all that risk depends on."""
        content = msgspec.json.encode((self.intercept, self.weights, self.threshold))
        return hashlib.blake2b(content, digest_size=6).hexdigest()


def load_risk_model(path: Path) -> RiskModel:
    """Read a model. Raises RiskModelError."""
    return read_form(path, RiskModel, RiskModelError)
