"""The follow-ups of a customer, as `follow_up` keeps them, and what of them is to be published."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from pipeline.follow_up.alert_summary import AlertSummary, matter_of
from pipeline.follow_up.progress import progress
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import STAGES, FollowUp, FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import Alert

KEPT_ACTIONS = 200
"""Actions about one alert that are remembered, the last."""

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
"""What is said of a follow-up that has come to a stage."""
_SPACE = UUID("3b0b6c0e-6d7e-4f4b-9a57-0d1d6a8f2c55")
_ENCODER = msgspec.json.Encoder()


class Case(msgspec.Struct, frozen=True):
    """An alert, the actions about it, and the follow-up that they lead to.

    Actions may come before their alert. `clock` is the event time up to which the passing of time
    was seen to, and `next_at` when it changes something next. `kind` says what the last change of
    the follow-up was, `sent` which revision is known to be published.
    """

    alert_id: str
    matter: AlertSummary | None = None
    actions: tuple[Action, ...] = ()
    clock: datetime | None = None
    next_at: datetime | None = None
    follow_up: FollowUp | None = None
    kind: str = "opened"
    sent: int = 0

    @property
    def due(self) -> FollowUpEvent | None:
        """The event that is still to be published."""
        if self.follow_up is None or self.follow_up.revision == self.sent:
            return None
        return event_of(self.follow_up, self.kind)


class FollowUpState(msgspec.Struct, frozen=True):
    """The cases of one customer, which share a state in the table.

    `lag`: how many seconds after it had happened the last change came.
    """

    cases: tuple[Case, ...] = ()
    lag: float = 0.0

    def case(self, alert_id: str) -> Case:
        """Return the case of an alert, a new one if nothing is known of it."""
        return next((one for one in self.cases if one.alert_id == alert_id), Case(alert_id))

    def having(self, case: Case) -> "FollowUpState":
        """Return the customer with this case in the place of the one that it follows."""
        others = tuple(one for one in self.cases if one.alert_id != case.alert_id)
        return replace(self, cases=(*others, case))

    @property
    def due(self) -> list[FollowUpEvent]:
        """The events that are still to be published."""
        return [event for one in self.cases if (event := one.due)]

    @property
    def next_at(self) -> datetime | None:
        """When the passing of time changes something next (event time)."""
        return min((one.next_at for one in self.cases if one.next_at), default=None)


def event_of(follow_up: FollowUp, kind: str) -> FollowUpEvent:
    """Return the CloudEvent; the same change of the same follow-up has the same id."""
    return FollowUpEvent(
        id=str(uuid5(_SPACE, f"{follow_up.alert_id}/{_ENCODER.encode(follow_up).decode()}")),
        source="nabiz/follow_up",
        type=f"nabiz.follow_up.{kind}",
        subject=follow_up.customer_id,
        time=follow_up.updated_at,
        data=follow_up,
    )


class Arrival(NamedTuple):
    """A change of an alert, or an action, and when the broker took it."""

    change: Alert | Action
    received_at: datetime

    @property
    def customer_id(self) -> str:
        """Whom it is about."""
        return self.change.customer_id

    @property
    def happened_at(self) -> datetime:
        """Its event time."""
        return self.change.updated_at if isinstance(self.change, Alert) else self.change.at


def hear_all(customer: FollowUpState, arrivals: Iterable[Arrival], sla: Sla) -> FollowUpState:
    """Return the customer after what came, in whatever order and however often."""
    for one in arrivals:
        alert_id = one.change.id if isinstance(one.change, Alert) else one.change.alert_id
        customer = customer.having(hear(customer.case(alert_id), one.change, sla))
        customer = replace(customer, lag=(one.received_at - one.happened_at).total_seconds())
    return customer


def pass_time_of_all(customer: FollowUpState, sla: Sla, now: datetime) -> FollowUpState:
    """Return the customer after the next thing that time changes in each case.

    To be called again while the answer differs. What has long been over is left out.
    """
    kept = (one for one in customer.cases if not is_over(one, now))
    return replace(customer, cases=tuple(pass_time(one, sla, now) for one in kept))


def published(customer: FollowUpState) -> FollowUpState:
    """Return the customer once all that was due has been published."""
    cases = tuple(
        replace(one, sent=one.follow_up.revision) if one.follow_up else one
        for one in customer.cases
    )
    return replace(customer, cases=cases)


def hear(case: Case, change: Alert | Action, sla: Sla) -> Case:
    """Return the case after a change of its alert, or an action, that may be known already."""
    if isinstance(change, Alert):
        matter = matter_of(change, case.matter)
        if matter is case.matter:
            return case
        return _decided(replace(case, matter=matter), sla, change.updated_at)
    if any(one.action_id == change.action_id for one in case.actions):
        return case
    actions = sorted((*case.actions, change), key=lambda one: (one.at, one.action_id))
    return _decided(replace(case, actions=tuple(actions[-KEPT_ACTIONS:])), sla, change.at)


def pass_time(case: Case, sla: Sla, now: datetime) -> Case:
    """Return the case after the first thing that the time up to `now` changes; itself if none.

    One thing at a time, so that what is published does not depend on when it was looked at.
    """
    if case.next_at is None or case.next_at > now:
        return case
    return _decided(replace(case, clock=case.next_at), sla, case.next_at)


def is_over(case: Case, now: datetime) -> bool:
    """Whether it can be forgotten: it has ended, or has no alert, and that long ago."""
    ended = case.follow_up is None or case.follow_up.ended
    return ended and case.next_at is not None and case.next_at <= now


def _decided(case: Case, sla: Sla, at: datetime) -> Case:
    """Return the case with the follow-up that is known now; a change is as of `at`."""
    if case.matter is None:
        return replace(case, next_at=at + sla.forget)
    clock = case.clock or case.matter.news[0].at
    now, next_at = progress(case.matter, case.actions, sla, clock)
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
    """Return what changed: of several things the one that asks most of those who hear of it."""
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
    """Return the place of a stage among all; one of a newer version comes before them."""
    return STAGES.index(stage) if stage in STAGES else -1
