"""The follow-ups of a customer, the state of `follow_up`, and their events to publish."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from pipeline.follow_up.alert_summary import AlertSummary, summary_of
from pipeline.follow_up.progress import progress
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import STAGES, FollowUp, FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import Alert

KEPT_ACTIONS = 200
"""Maximum number of remembered actions on an alert, the last ones."""

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
_SPACE = UUID("3b0b6c0e-6d7e-4f4b-9a57-0d1d6a8f2c55")
_ENCODER = msgspec.json.Encoder()


class Case(msgspec.Struct, frozen=True):
    """An alert, the actions on it, and the resulting follow-up.

    Actions may arrive before their alert. `clock` is the event time up to which deadlines were
    applied, `next_at` the next deadline. `kind` is the last change of the follow-up, `sent` the
    last revision that was published.
    """

    alert_id: str
    summary: AlertSummary | None = msgspec.field(default=None, name="matter")
    actions: tuple[Action, ...] = ()
    clock: datetime | None = None
    next_at: datetime | None = None
    follow_up: FollowUp | None = None
    kind: str = "opened"
    sent: int = 0

    @property
    def due(self) -> FollowUpEvent | None:
        """The event to publish, if any."""
        if self.follow_up is None or self.follow_up.revision == self.sent:
            return None
        return event_of(self.follow_up, self.kind)


class FollowUpState(msgspec.Struct, frozen=True):
    """The cases of a customer, which share a state in the table.

    `lag` is the delay of the last change after its event time, in seconds.
    """

    cases: tuple[Case, ...] = ()
    lag: float = 0.0

    def case(self, alert_id: str) -> Case:
        """Return the case of an alert, a new one if it is unknown."""
        return next((case for case in self.cases if case.alert_id == alert_id), Case(alert_id))

    def having(self, case: Case) -> "FollowUpState":
        """Return the state with this case in place of its previous version."""
        others = tuple(other for other in self.cases if other.alert_id != case.alert_id)
        return replace(self, cases=(*others, case))

    @property
    def due(self) -> list[FollowUpEvent]:
        """The events to publish."""
        return [event for case in self.cases if (event := case.due)]

    @property
    def next_at(self) -> datetime | None:
        """The next deadline of any case (event time)."""
        return min((case.next_at for case in self.cases if case.next_at), default=None)


def event_of(follow_up: FollowUp, kind: str) -> FollowUpEvent:
    """Return the CloudEvent of a change; the same change always has the same id."""
    return FollowUpEvent(
        id=str(uuid5(_SPACE, f"{follow_up.alert_id}/{_ENCODER.encode(follow_up).decode()}")),
        source="nabiz/follow_up",
        type=f"nabiz.follow_up.{kind}",
        subject=follow_up.customer_id,
        time=follow_up.updated_at,
        data=follow_up,
    )


class ReceivedChange(NamedTuple):
    """A change of an alert or an action, and when the broker received it."""

    change: Alert | Action
    received_at: datetime

    @property
    def customer_id(self) -> str:
        """The customer of the alert."""
        return self.change.customer_id

    @property
    def happened_at(self) -> datetime:
        """The event time of the change."""
        return self.change.updated_at if isinstance(self.change, Alert) else self.change.at


def apply_changes(
    customer: FollowUpState, arrivals: Iterable[ReceivedChange], sla: Sla
) -> FollowUpState:
    """Return the state after changes, which may arrive in any order and repeatedly."""
    for arrival in arrivals:
        change = arrival.change
        alert_id = change.id if isinstance(change, Alert) else change.alert_id
        customer = customer.having(apply_change(customer.case(alert_id), change, sla))
        lag = arrival.received_at - arrival.happened_at
        customer = replace(customer, lag=lag.total_seconds())
    return customer


def advance_all_to(customer: FollowUpState, sla: Sla, now: datetime) -> FollowUpState:
    """Return the state after the next deadline of each case up to `now`, without expired cases.

    Call it again until the result no longer changes.
    """
    live = (case for case in customer.cases if not is_over(case, now))
    return replace(customer, cases=tuple(advance_to(case, sla, now) for case in live))


def published(customer: FollowUpState) -> FollowUpState:
    """Return the state after all due events have been published."""
    cases = tuple(
        replace(case, sent=case.follow_up.revision) if case.follow_up else case
        for case in customer.cases
    )
    return replace(customer, cases=cases)


def apply_change(case: Case, change: Alert | Action, sla: Sla) -> Case:
    """Return the case after a change of its alert or an action; a known one changes nothing."""
    if isinstance(change, Alert):
        summary = summary_of(change, case.summary)
        if summary is case.summary:
            return case
        return _decided(replace(case, summary=summary), sla, change.updated_at)
    if any(action.action_id == change.action_id for action in case.actions):
        return case
    actions = sorted((*case.actions, change), key=lambda action: (action.at, action.action_id))
    return _decided(replace(case, actions=tuple(actions[-KEPT_ACTIONS:])), sla, change.at)


def advance_to(case: Case, sla: Sla, now: datetime) -> Case:
    """Return the case after its first deadline up to `now`; the same case if there is none.

    One deadline at a time, so that the published events do not depend on when this is called.
    """
    if case.next_at is None or case.next_at > now:
        return case
    return _decided(replace(case, clock=case.next_at), sla, case.next_at)


def is_over(case: Case, now: datetime) -> bool:
    """Return whether the case can be dropped: it ended long ago, or never had an alert."""
    ended = case.follow_up is None or case.follow_up.ended
    return ended and case.next_at is not None and case.next_at <= now


def _decided(case: Case, sla: Sla, at: datetime) -> Case:
    """Return the case with its follow-up recomputed; a change of it is as of `at`."""
    if case.summary is None:
        return replace(case, next_at=at + sla.forget)
    clock = case.clock or case.summary.news[0].at
    now, next_at = progress(case.summary, case.actions, sla, clock)
    before, kind = case.follow_up, case.kind
    if before is None:
        after, kind = replace(now, revision=1, updated_at=max(now.updated_at, at)), "opened"
    else:
        after = replace(now, revision=before.revision, updated_at=before.updated_at)
        if after != before:
            last = max(before.updated_at, at)
            after = replace(after, revision=before.revision + 1, updated_at=last)
            kind = kind_of(before, after)
    next_at = next_at or after.updated_at + sla.forget
    return replace(case, clock=clock, next_at=next_at, follow_up=after, kind=kind)


def kind_of(before: FollowUp, after: FollowUp) -> Kind:
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
