"""How far the follow-up of an alert is, and the CloudEvent that carries it."""

from datetime import datetime
from typing import Literal, get_args

import msgspec

from pipeline.action import Outcome
from pipeline.alert import Severity

Stage = Literal["open", "acknowledged", "contacted", "resolved", "expired"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which a follow-up goes through them."""
UNDER_WAY: tuple[Stage, ...] = ("open", "acknowledged", "contacted")
"""Those in which somebody still has something to do."""
Step = Literal["acknowledge", "contact"]
"""What an SLA demands."""


class FollowUp(msgspec.Struct, frozen=True):
    """The follow-up of an alert after `revision` changes.

    Times are event times. `acknowledge_due` and `contact_due` are when an SLA ends; `escalation` is
    how often one was missed.
    """

    alert_id: str
    customer_id: str
    cause: str
    severity: Severity
    stage: Stage
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
    outcome: Outcome | None = None
    note: str = ""
    brand: str | None = None
    segment: str | None = None
    channel: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nobody need do anything."""
        return self.stage in ("resolved", "expired")

    @property
    def due(self) -> tuple[Step, datetime] | None:
        """Which SLA runs, and when it ends."""
        if self.stage == "open" and self.acknowledge_due:
            return "acknowledge", self.acknowledge_due
        if self.stage in ("open", "acknowledged") and self.contact_due:
            return "contact", self.contact_due
        return None


class FollowUpEvent(msgspec.Struct, frozen=True):
    """CloudEvents 1.0 in structured mode; attributes as in its specification."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: FollowUp
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = "urn:nabiz:schema:cx.follow-ups:v1"
