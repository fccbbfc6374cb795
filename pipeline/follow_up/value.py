"""How far the follow-up of an alert is, and the CloudEvent that carries it."""

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
"""In the order in which a follow-up goes through them."""
UNDER_WAY: tuple[Stage, ...] = ("open", "acknowledged", "contacted")
"""Those in which somebody still has something to do."""
IN_HAND: tuple[Stage, ...] = ("acknowledged", "contacted")
"""Those in which somebody has taken it on, and is to end it."""
End = Literal["by_person", "by_itself", "withdrawn", "nobody_came", "unfinished"]
"""How a follow-up ended: a person resolved it; the cause passed before anybody came; there was no
cause; time ran out and nobody had taken it on, or somebody had."""
Step = Literal["acknowledge", "contact"]
"""What an SLA demands."""


class FollowUp(msgspec.Struct, frozen=True):
    """The follow-up of an alert after `revision` changes.

    Times are event times. `acknowledge_due` and `contact_due` are when an SLA ends; `escalation` is
    how often one was missed, `end` how it ended. `reopened_at`: it was resolved before, and there
    was bad news then; the other times are of the round since. `cause_ended_at`: what the alert was
    about had passed by then, and it was not ended before; who has it in hand is to end it.
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

    @property
    def ended(self) -> bool:
        """Whether nobody need do anything."""
        return self.stage in ("resolved", "expired")

    @property
    def in_hand(self) -> bool:
        """Whether somebody has taken it on and is to end it."""
        return self.stage in IN_HAND

    @property
    def in_hand_without_cause(self) -> bool:
        """Whether somebody has it in hand though its cause has ended."""
        return self.in_hand and self.cause_ended_at is not None

    @property
    def due(self) -> tuple[Step, datetime] | None:
        """Which SLA runs, and when it ends."""
        if self.stage == "open" and self.acknowledge_due:
            return "acknowledge", self.acknowledge_due
        if self.stage in ("open", "acknowledged") and self.contact_due:
            return "contact", self.contact_due
        return None


_OF_ALERT: Mapping[str, End] = {
    "resolved": "by_itself",
    "withdrawn": "withdrawn",
}


def end_of(alert: str, follow_up: FollowUp | None) -> str | None:
    """Return how a matter ended, by its follow-up or else the state of its alert.

    None where it has not: a cause that ends by itself does not end what somebody has in hand, and
    an alert in a state of a newer version is still open.
    """
    if follow_up and follow_up.ended:
        return follow_up.end or _end_before(alert, follow_up)
    if follow_up and follow_up.in_hand and alert == "resolved":
        return None
    return _OF_ALERT.get(alert)


def _end_before(alert: str, follow_up: FollowUp) -> End:
    """Return the end of a follow-up of a version that did not say it."""
    if follow_up.stage == "resolved":
        return "by_person" if follow_up.outcome else "by_itself"
    if alert == "withdrawn":
        return "withdrawn"
    return "unfinished" if follow_up.acknowledged_at else "nobody_came"


class FollowUpEvent(CloudEvent[FollowUp], frozen=True, gc=False):
    """A follow-up as a CloudEvent 1.0 in structured mode."""

    dataschema: str = "urn:nabiz:schema:cx.follow-ups:v1"
