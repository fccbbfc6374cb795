"""What a customer's loads and signs amount to: the features, parts and shares of risk."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from pipeline.detection.entry import EvidenceRef
from pipeline.detection.signs import Signs


class RuleShare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rule's share of the load, and the newest events behind it."""

    rule: str
    load: float
    event_ids: tuple[str, ...]


def features_of(loads: Mapping[str, float], signs: Signs, at: int) -> dict[str, float]:
    """Return all that a model of risk may weigh, by name; each can only raise the risk."""
    return {**loads, **signs.features(at)}


def risk_of(loads: Mapping[str, float]) -> float:
    """Return the risk, 0 to 1: 1 − exp(−sum of the loads)."""
    return 0.0 - math.expm1(-sum(loads.values()))  # 0.0, not -0.0, without a load


def shares_of(
    loads: Mapping[str, float], sources: Mapping[str, Iterable[EvidenceRef]]
) -> tuple[RuleShare, ...]:
    """Return the rules' shares of the load, largest first."""
    ranked = sorted(loads.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        RuleShare(rule, load, tuple(mark.event_id for mark in sources[rule]))
        for rule, load in ranked
    )
