"""The follow-up of an alert, and the CloudEvent that carries it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec

from pipeline.model.action import AnyOutcome
from pipeline.model.alert import AnySeverity
from pipeline.model.cloud_event import CloudEvent
from pipeline.model.open_enum import extensible

Stage = Literal["open", "acknowledged", "contacted", "resolved", "expired"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""Stages in the order of a follow-up."""
UNDER_WAY: tuple[Stage, ...] = ("open", "acknowledged", "contacted")
"""Stages in which work remains."""
IN_HAND: tuple[Stage, ...] = ("acknowledged", "contacted")
"""Stages in which the follow-up has an owner who is to end it."""
End = Literal["by_person", "by_itself", "withdrawn", "nobody_came", "unfinished"]
"""How a follow-up ended: a person resolved it; its cause ended before it was acknowledged; it was
withdrawn; it expired unacknowledged, or acknowledged but unfinished."""
Step = Literal["acknowledge", "contact"]
"""A step that an SLA requires."""


class Staged:
    """Work in stages: the follow-up of an alert, or the case of a customer."""

    __slots__ = ()

    stage: str
    updated_at: datetime
    owner: str | None
    snoozed_until: datetime | None
    resolved_at: datetime | None
    informed_at: datetime | None
    acknowledge_due: datetime | None
    contact_due: datetime | None
    escalation: int
    outcome: str | None
    cause_ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether no work remains."""
        return self.stage in ("resolved", "expired")

    @property
    def ended_at(self) -> datetime | None:
        """The time of the end; None if work remains."""
        return (self.resolved_at or self.updated_at) if self.ended else None

    @property
    def in_hand(self) -> bool:
        """Whether it has an owner who is to end it."""
        return self.stage in IN_HAND

    @property
    def in_hand_without_cause(self) -> bool:
        """Whether it has an owner although its cause has ended."""
        return self.in_hand and self.cause_ended_at is not None

    @property
    def due(self) -> tuple[Step, datetime] | None:
        """The step of the running SLA, and its deadline."""
        if self.stage == "open" and self.acknowledge_due:
            return "acknowledge", self.acknowledge_due
        if self.stage in ("open", "acknowledged") and self.contact_due:
            return "contact", self.contact_due
        return None


class FollowUp(Staged, msgspec.Struct, frozen=True):
    """The follow-up of an alert after `revision` changes.

    Times are event times. `acknowledge_due` and `contact_due` are SLA deadlines, `escalation` is
    the number of missed ones, `end` how the follow-up ended. `reopened_at`: bad news reopened it
    after a resolution; the other times are of the round since then. `cause_ended_at`: the cause of
    the alert ended while the follow-up had an owner, who is to end it.
    """

    alert_id: str
    customer_id: str
    cause: str
    severity: AnySeverity
    stage: Annotated[str, extensible(STAGES)]
    revision: int
    opened_at: datetime
    updated_at: datetime
    owner: str | None = None
    snoozed_until: datetime | None = None
    acknowledged_at: datetime | None = None
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None
    informed_at: datetime | None = None
    acknowledge_due: datetime | None = None
    contact_due: datetime | None = None
    escalation: int = 0
    outcome: AnyOutcome | None = None
    note: str = ""
    brand: str | None = None
    segment: str | None = None
    channel: str | None = None
    end: Annotated[str, extensible(get_args(End))] | None = None
    reopened_at: datetime | None = None
    cause_ended_at: datetime | None = None


_OF_ALERT: Mapping[str, End] = {
    "resolved": "by_itself",
    "withdrawn": "withdrawn",
}


def end_of(alert: str, follow_up: FollowUp | None) -> str | None:
    """Return how an alert ended, by its follow-up or else by its state.

    None if it has not: a cause that ends by itself does not end a follow-up with an owner, and an
    alert in an unknown state is still open.
    """
    if follow_up and follow_up.ended:
        return follow_up.end or _end_before(alert, follow_up)
    if follow_up and follow_up.in_hand and alert == "resolved":
        return None
    return _OF_ALERT.get(alert)


def _end_before(alert: str, follow_up: FollowUp) -> End:
    """Return the end of a follow-up from a version without `end`."""
    if follow_up.stage == "resolved":
        return "by_person" if follow_up.outcome else "by_itself"
    if alert == "withdrawn":
        return "withdrawn"
    return "unfinished" if follow_up.acknowledged_at else "nobody_came"


class FollowUpEvent(CloudEvent[FollowUp], frozen=True, gc=False):
    """A follow-up as a CloudEvent 1.0 in structured mode."""

    dataschema: str = "urn:nabiz:schema:cx.follow-ups:v1"
