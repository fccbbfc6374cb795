"""The case of a customer, which people work on, and the CloudEvent that carries it."""

from datetime import datetime
from typing import Annotated, get_args

import msgspec

from pipeline.follow_up.value import STAGES, End, Staged
from pipeline.model.action import AnyOutcome
from pipeline.model.alert import AnyAlertState, AnySeverity
from pipeline.model.cloud_event import CloudEvent
from pipeline.model.open_enum import extensible

KEPT_STEPS = 30
"""Maximum number of steps in the history of a case, the last ones."""


class CaseCause(msgspec.Struct, frozen=True):
    """An alert of a case, by its own state and follow-up."""

    alert_id: str
    cause: str
    severity: AnySeverity
    state: AnyAlertState
    stage: Annotated[str, extensible(STAGES)]
    opened_at: datetime
    end: Annotated[str, extensible(get_args(End))] | None = None

    @property
    def ended(self) -> bool:
        """Whether no work remains about it."""
        return self.stage in ("resolved", "expired")


class CaseStep(msgspec.Struct, frozen=True):
    """A step in the history of a case: an alert `opened` or `ended`, or an action of a person.

    `alert_id` is None for an action on the whole case; `by` is None for what no person did.
    """

    at: datetime
    kind: str
    alert_id: str | None = None
    by: str | None = None
    end: Annotated[str, extensible(get_args(End))] | None = None


class Case(Staged, msgspec.Struct, frozen=True):
    """The case of a customer after `revision` changes: all alerts from the first until all ended.

    Times are event times. `severity` is that of the gravest open cause, `stage` that of the one
    that is least far; `causes` are sorted gravest first, dangers before all. `acknowledge_due` and
    `contact_due` are the deadlines that bind next, `acknowledged_at` and `contacted_at` belong to
    the same cause.
    Before `contact_not_before` nobody owes the customer a further contact, since a person had one.
    """

    case_id: str
    customer_id: str
    severity: AnySeverity
    stage: Annotated[str, extensible(STAGES)]
    revision: int
    opened_at: datetime
    updated_at: datetime
    causes: tuple[CaseCause, ...]
    history: tuple[CaseStep, ...] = ()
    owner: str | None = None
    snoozed_until: datetime | None = None
    acknowledged_at: datetime | None = None
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None
    informed_at: datetime | None = None
    acknowledge_due: datetime | None = None
    contact_due: datetime | None = None
    contact_not_before: datetime | None = None
    escalation: int = 0
    outcome: AnyOutcome | None = None
    note: str = ""
    brand: str | None = None
    segment: str | None = None
    channel: str | None = None
    end: Annotated[str, extensible(get_args(End))] | None = None
    reopened_at: datetime | None = None
    cause_ended_at: datetime | None = None


class CaseEvent(CloudEvent[Case], frozen=True, gc=False):
    """A case as a CloudEvent 1.0 in structured mode."""

    dataschema: str = "urn:nabiz:schema:cx.cases:v1"
