"""The fold of a customer's events: loads on the risk, episodes of alerts, memory."""

from collections.abc import Mapping

import msgspec

from pipeline.detection.assessment import RuleShare
from pipeline.detection.entry import DAY
from pipeline.detection.memory import Memory
from pipeline.detection.remarks import Remark
from pipeline.detection.rule import Rule
from pipeline.detection.signs import Signs
from pipeline.detection.spans import EvidenceRef
from pipeline.model.alert import SEVERITIES

NEGLIGIBLE = 1e-3
"""Loads below this are dropped."""

BEGINNING = -(2**62)
"""A time before all events."""

_MILD = SEVERITIES[: SEVERITIES.index("high")]
"""Severities below `high`; one that only a newer version knows counts as high."""


class Episode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An issue of one cause, from opening to closing.

    `number` increases from episode to episode of a cause and is at least the day of the opening,
    counted from 1970. `risk` and `shares` are as of `updated_at`, the last evidence or the closing.
    `topics` are those of the evidence, `ended_by` is the rule that closed it, `remark` is on the
    last score or habit in the evidence that needs one. `calibrated`: `risk` is a probability, else
    a score.
    """

    cause: str
    number: int
    severity: str
    opened_at: int
    updated_at: int
    risk: float = 0.0
    shares: tuple[RuleShare, ...] = ()
    evidence: tuple[EvidenceRef, ...] = ()
    closed_at: int | None = None
    brand: str = ""
    segment: str = ""
    channel: str = ""
    # Episodes of older versions end here: later fields need a default.
    topics: tuple[str, ...] = ()
    ended_by: str = ""
    remark: Remark | None = None
    calibrated: bool = False

    @property
    def is_grave(self) -> bool:
        """Whether it is high or critical."""
        return self.severity not in _MILD

    @property
    def key(self) -> str:
        """A key that is unique among the customer's episodes."""
        return f"{self.cause}/{self.number}"


class Fold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fold of a customer's events in event order, as of `at`.

    `loads` and `sources` are by rule; `counted` is when each rule last counted; `open` holds
    episodes by cause, `closed` those that the fold closed, `numbers` the last number by cause;
    `fired` are the rules whose condition held at the last event, or at what was overdue after it;
    `passed` is when something overdue was judged last. `calm_since` is the beginning of the time
    that the next event of ordinary life will relieve; None if there was none.
    """

    at: int = BEGINNING
    loads: dict[str, float] = {}
    sources: dict[str, tuple[EvidenceRef, ...]] = {}
    counted: dict[str, int] = {}
    open: dict[str, Episode] = {}
    closed: tuple[Episode, ...] = ()
    numbers: dict[str, int] = {}
    memory: Memory = Memory()
    fired: tuple[str, ...] = ()
    # Folds of older versions end here: later fields need a default.
    calm_since: int | None = None
    signs: Signs = Signs()
    passed: int = BEGINNING


def decay(loads: Mapping[str, float], elapsed: int, half_life_days: float) -> dict[str, float]:
    """Return loads relieved by `elapsed` microseconds of ordinary life, without negligible ones."""
    if not loads or not elapsed:
        return dict(loads)
    left = 0.5 ** (elapsed / (half_life_days * DAY))
    return {rule: load * left for rule, load in loads.items() if load * left >= NEGLIGIBLE}


def relieved(
    loads: Mapping[str, float], signs: Signs, rule: Rule
) -> tuple[dict[str, float], Signs]:
    """Return the loads and the signs after a rule's relief."""
    left = 1.0 - rule.relief
    remaining = {name: load * left for name, load in loads.items() if load * left > 0}
    return remaining, signs.relieved(left)


def cited_events(fold: Fold) -> set[str]:
    """Return the ids of events whose quotes the fold may still need."""
    marks = [contact.mark for contact in fold.memory.contacts]
    marks += [said.mark for said in fold.memory.said]
    marks += [
        mark
        for contact in fold.memory.contacts
        if contact.conversation
        for mark in contact.conversation.marks
    ]
    marks += [mark for source in fold.sources.values() for mark in source]
    marks += [mark for episode in fold.open.values() for mark in episode.evidence]
    marks += [wait.entry.mark() for wait in fold.memory.waits]
    return {mark.event_id for mark in marks}
