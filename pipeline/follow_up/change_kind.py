"""Names the kind of a change of a follow-up or a case."""

from collections.abc import Mapping
from typing import Literal

from pipeline.follow_up.value import STAGES, Staged

Kind = Literal[
    "opened",
    "acknowledged",
    "assigned",
    "snoozed",
    "contacted",
    "resolved",
    "informed",
    "expired",
    "escalated",
    "reverted",
    "noted",
]
_REACHED: Mapping[str, Kind] = {
    "acknowledged": "acknowledged",
    "contacted": "contacted",
    "resolved": "resolved",
    "expired": "expired",
}
"""The kind of change that reaches each stage."""


def kind_of(before: Staged, after: Staged) -> Kind:
    """Return the kind of change: of several, the one that demands most of its readers."""
    if after.escalation > before.escalation:
        return "escalated"
    if after.stage != before.stage:
        if after.stage == "open":
            return "opened" if after.resolved_at is None and before.resolved_at else "reverted"
        reached = _REACHED.get(after.stage, "noted")
        return reached if _order(after.stage) > _order(before.stage) else "reverted"
    changed: tuple[tuple[Kind, object, object], ...] = (
        ("informed", before.informed_at, after.informed_at),
        ("snoozed", before.snoozed_until, after.snoozed_until),
        ("assigned", before.owner, after.owner),
        ("resolved", before.outcome, after.outcome),
    )
    return next((kind for kind, old, new in changed if new and new != old), "noted")


def _order(stage: str) -> int:
    """Return the order of a stage; an unknown one precedes all."""
    return STAGES.index(stage) if stage in STAGES else -1
