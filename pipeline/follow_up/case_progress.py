"""Computes the case of a customer from the follow-ups of its alerts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from pipeline.follow_up.alert_progress import AlertProgress
from pipeline.follow_up.alert_summary import AlertSummary
from pipeline.follow_up.case import KEPT_STEPS, Case, CaseCause, CaseEvent, CaseStep
from pipeline.follow_up.change_kind import Kind, kind_of
from pipeline.follow_up.others import OnCases, actions_on
from pipeline.follow_up.progress import in_force
from pipeline.follow_up.value import STAGES, End, FollowUp, end_of
from pipeline.model.action import Action
from pipeline.model.alert import grade, gravity

CaseKind = Kind | Literal["joined", "updated"]
"""The kind of a change of a case: also a further cause, and other changes of its causes."""

_BY_MERIT: Sequence[End] = ("by_person", "unfinished", "nobody_came", "by_itself", "withdrawn")
"""Ends of causes in the order in which the first found is the end of their case."""
_SPACE = UUID("0b6f6d3a-7c56-4d0e-8d5c-2f6f1f3b9a41")
_ENCODER = msgspec.json.Encoder()


class CaseProgress(msgspec.Struct, frozen=True):
    """A case, the `kind` of its last change, and the last revision that was published."""

    case: Case
    kind: str = "opened"
    sent: int = 0

    @property
    def due(self) -> CaseEvent | None:
        """The event to publish, if any."""
        return event_of(self.case, self.kind) if self.case.revision != self.sent else None


class _Member(NamedTuple):
    """An alert of the case with its follow-up, and the actions on it."""

    summary: AlertSummary
    follow_up: FollowUp
    actions: list[Action]

    @property
    def end(self) -> str | None:
        return end_of(self.summary.state, self.follow_up) if self.follow_up.ended else None


def case_id_of(customer_id: str, first_alert: str) -> str:
    """Return the id of a case, which depends on the customer and its first alert alone."""
    return str(uuid5(_SPACE, f"{customer_id}/{first_alert}"))


def event_of(case: Case, kind: str) -> CaseEvent:
    """Return the CloudEvent of a change; the same change always has the same id."""
    return CaseEvent(
        id=str(uuid5(_SPACE, f"{case.case_id}/{_ENCODER.encode(case).decode()}")),
        source="nabiz/follow_up",
        type=f"nabiz.case.{kind}",
        subject=case.customer_id,
        time=case.updated_at,
        data=case,
    )


def recomputed(
    case_id: str,
    alerts: Sequence[AlertProgress],
    on_cases: OnCases,
    contact_not_before: datetime | None,
    before: CaseProgress | None,
) -> CaseProgress:
    """Return a case recomputed from its alerts; without a change, as it was before.

    The revision exceeds those of all the follow-ups together, so that it rises even if a worker of
    a version without cases dropped the case from the state.
    """
    members = [
        _Member(alert.summary, alert.follow_up, actions_on(alert, on_cases))
        for alert in alerts
        if alert.summary and alert.follow_up
    ]
    live = any(alert.live for alert in alerts)
    if before and not live:  # a contact afterwards belongs to another case
        contact_not_before = before.case.contact_not_before
    now = _case_of(case_id, members, contact_not_before)
    revision = sum(member.follow_up.revision for member in members)
    if before is None:
        return CaseProgress(replace(now, revision=revision))
    was = before.case
    opened_at, updated_at = min(was.opened_at, now.opened_at), max(was.updated_at, now.updated_at)
    after = replace(now, revision=was.revision, opened_at=opened_at, updated_at=updated_at)
    if after == replace(was, updated_at=updated_at):
        return before
    after = replace(after, revision=max(was.revision + 1, revision))
    return CaseProgress(after, _kind_of(was, after), before.sent)


def _kind_of(before: Case, after: Case) -> CaseKind:
    kind = kind_of(before, after)
    known = {cause.alert_id for cause in before.causes}
    if kind in ("noted", "reverted", "opened") and any(
        cause.alert_id not in known for cause in after.causes
    ):
        return "joined"
    return "updated" if kind == "noted" and before.causes != after.causes else kind


def _case_of(case_id: str, members: list[_Member], contact_not_before: datetime | None) -> Case:
    """Return the case as it is now, without a revision."""
    members = sorted(members, key=_order_of_gravity, reverse=True)
    live = [member.follow_up for member in members if not member.follow_up.ended]
    real = [member.follow_up for member in members if member.end != "withdrawn"]
    follow_ups = live or real or [member.follow_up for member in members]
    gravest = follow_ups[0]
    end = None if live else _end_of(members)
    worked = live or real
    acknowledged = _binding(
        _Deadline(one.stage == "open", one.acknowledge_due, one.acknowledged_at) for one in worked
    )
    contacted = _binding(
        _Deadline(one.stage in ("open", "acknowledged"), one.contact_due, one.contacted_at)
        for one in worked
    )
    resolved = [one for one in real if not live and one.outcome]
    return Case(
        case_id=case_id,
        customer_id=gravest.customer_id,
        severity=max((one.severity for one in follow_ups), key=grade),
        stage=_stage_of(live, end),
        revision=0,
        opened_at=min(member.follow_up.opened_at for member in members),
        updated_at=max(member.follow_up.updated_at for member in members),
        causes=_causes_of(members),
        history=_history_of(members, case_id),
        owner=next((one.owner for one in follow_ups if one.owner), None),
        snoozed_until=_shared(live, "snoozed_until", min),
        acknowledged_at=acknowledged.done,
        contacted_at=contacted.done,
        resolved_at=_latest(one.resolved_at for one in follow_ups) if end else None,
        informed_at=_shared(resolved, "informed_at", max),
        acknowledge_due=acknowledged.due,
        contact_due=contacted.due,
        contact_not_before=contact_not_before,
        escalation=_escalation_of(members),
        outcome=max(resolved, key=_resolution).outcome if resolved else None,
        note=_note_of(members),
        brand=gravest.brand,
        segment=gravest.segment,
        channel=gravest.channel,
        end=end,
        reopened_at=_latest(one.reopened_at for one in live),
        cause_ended_at=_shared(live, "cause_ended_at", max),
    )


def _order_of_gravity(member: _Member) -> tuple[tuple[bool, int], float]:
    """Return the order of a cause in its case: the gravest highest, of these the oldest."""
    summary, follow_up, _ = member
    own = gravity(follow_up.severity, in_danger=summary.in_danger)
    return own, -follow_up.opened_at.timestamp()


def _escalation_of(members: Sequence[_Member]) -> int:
    """Return the most deadlines that one cause missed, and those that dangers missed.

    So each missed deadline of a danger raises it, whatever was missed before.
    """
    real = [member for member in members if member.end != "withdrawn"]
    others = (one.follow_up.escalation for one in real if not one.summary.in_danger)
    dangers = (one.follow_up.escalation for one in real if one.summary.in_danger)
    return max(others, default=0) + sum(dangers)


def _resolution(follow_up: FollowUp) -> datetime:
    return follow_up.resolved_at or follow_up.updated_at


def _stage_of(live: Sequence[FollowUp], end: End | str | None) -> str:
    """Return the stage of the open cause that is least far; without one, how the case ended."""
    if live:
        return min((one.stage for one in live), key=_order)
    return "resolved" if end in ("by_person", "by_itself") else "expired"


def _order(stage: str) -> int:
    """Return the order of a stage; an unknown one is still to be seen to."""
    return STAGES.index(stage) if stage in STAGES else 0


def _end_of(members: Sequence[_Member]) -> str | None:
    ends = {member.end for member in members}
    return next((end for end in _BY_MERIT if end in ends), None)


class _Deadline(NamedTuple):
    """A deadline of a cause, `running` until the step is done."""

    running: bool = False
    due: datetime | None = None
    done: datetime | None = None

    @property
    def order(self) -> tuple[int, datetime | None]:
        """Running ones first, then missed, then kept ones, and last steps that were not due."""
        if self.due is None:
            return 3, self.done
        if self.running:
            return 0, self.due
        return 1 if self.done is None or self.done > self.due else 2, self.due


def _binding(deadlines: Iterable[_Deadline]) -> _Deadline:
    """Return the deadline of a step that binds next, and when the step was done for that cause.

    A cause that ended without the step shared that of another: the customer was called once.
    """
    known = [deadline for deadline in deadlines if deadline.due or deadline.done]
    first = min((deadline.done for deadline in known if deadline.done), default=None)
    shared = (one if one.running or one.done else one._replace(done=first) for one in known)
    return min(shared, key=attrgetter("order"), default=_Deadline())


def _causes_of(members: Sequence[_Member]) -> tuple[CaseCause, ...]:
    """Return the causes, sorted by gravity, open ones first."""
    return tuple(
        CaseCause(
            alert_id=summary.alert_id,
            cause=summary.cause,
            severity=summary.severity,
            state=summary.state,
            stage=follow_up.stage,
            opened_at=follow_up.opened_at,
            end=follow_up.end,
        )
        for summary, follow_up, _ in sorted(members, key=lambda member: member.follow_up.ended)
    )


def _history_of(members: Sequence[_Member], case_id: str) -> tuple[CaseStep, ...]:
    steps = {step for member in members for step in _steps_of(member, case_id)}
    ordered = sorted(
        steps, key=lambda step: (step.at, step.kind, step.alert_id or "", step.by or "")
    )
    return tuple(ordered[-KEPT_STEPS:])


def _steps_of(member: _Member, case_id: str) -> Iterator[CaseStep]:
    follow_up, id_ = member.follow_up, member.summary.alert_id
    yield CaseStep(follow_up.opened_at, "opened", id_)
    for action in member.actions:
        on = None if action.alert_id == case_id else id_
        yield CaseStep(action.at, action.kind, on, action.by)
    if follow_up.reopened_at:
        yield CaseStep(follow_up.reopened_at, "reopened", id_)
    if follow_up.ended_at and follow_up.end != "by_person":
        yield CaseStep(follow_up.ended_at, "ended", id_, end=follow_up.end)


def _note_of(members: Sequence[_Member]) -> str:
    """Return the last note that was not taken back."""
    noted = [one for member in members for one in in_force(member.actions) if one.note]
    return max(noted, key=lambda action: (action.at, action.action_id)).note if noted else ""


def _shared(
    follow_ups: Sequence[FollowUp], name: str, choose: Callable[[list[datetime]], datetime]
) -> datetime | None:
    """Return one of the times that all follow-ups have under a name, None if one lacks it."""
    times = [getattr(one, name) for one in follow_ups]
    return choose(times) if times and None not in times else None


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time), default=None)
