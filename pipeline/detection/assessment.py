"""What a customer's loads and signs amount to: the features, parts and shares of risk."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from pipeline.detection.signs import Signs
from pipeline.detection.spans import EvidenceRef
from pipeline.model.risk_model import RiskModel


class RuleShare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rule's load, or what it or a sign adds to the log-odds; the newest events behind it."""

    rule: str
    load: float
    event_ids: tuple[str, ...]


def features_of(loads: Mapping[str, float], signs: Signs, at: int) -> dict[str, float]:
    """Return all that a model of risk may weigh, by name; each can only raise the risk."""
    return {**loads, **signs.features(at)}


def parts_of(
    loads: Mapping[str, float], signs: Signs, at: int, fitted: RiskModel | None
) -> Mapping[str, float]:
    """Return what makes the risk at a time, by name: loads, or what a model adds to log-odds."""
    return fitted.parts(features_of(loads, signs, at)) if fitted else loads


def risk_of(parts: Mapping[str, float], fitted: RiskModel | None = None) -> float:
    """Return the risk, 0 to 1: a model's probability, else the score 1 − exp(−sum of the loads)."""
    total = sum(parts.values())
    if fitted:
        return fitted.probability(total)
    return 0.0 - math.expm1(-total)  # 0.0, not -0.0, without a load


def shares_of(
    parts: Mapping[str, float], sources: Mapping[str, Iterable[EvidenceRef]]
) -> tuple[RuleShare, ...]:
    """Return the parts of the risk, largest first, with the events behind those of rules."""
    ranked = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        RuleShare(name, part, tuple(mark.event_id for mark in sources.get(name, ())))
        for name, part in ranked
    )
