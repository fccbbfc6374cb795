"""Computes the follow-up of an alert: a fold over the alert and its actions in event time.

It is recomputed from all known changes, so late, repeated or reordered actions lead to the same
result as the same actions in order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from pipeline.follow_up.alert_summary import AlertSummary, AlertUpdate
from pipeline.follow_up.sla import Sla, Urgency
from pipeline.follow_up.value import STAGES, UNDER_WAY, End, FollowUp, Stage
from pipeline.model.action import Action
from pipeline.model.alert import known_severity


class Progress(NamedTuple):
    """A follow-up, and its next deadline."""

    follow_up: FollowUp
    next_at: datetime | None


def progress(
    summary: AlertSummary, actions: Sequence[Action], sla: Sla, clock: datetime
) -> Progress:
    """Return the follow-up of an alert at the event time `clock`.

    Its `revision` is 0, since it is not published yet. News after a person resolved the alert
    reopens it, and its SLA starts again. If `detect` closes an alert that nobody has acknowledged,
    it is resolved; an acknowledged one stays until its owner ends it, but the contact is no longer
    due. A withdrawn alert expires.
    """
    begin = partial(_Walk, sla, summary.brand, summary.in_danger)
    walk = begin()
    for step in _steps(summary, actions):
        if isinstance(step, AlertUpdate) and walk.stage == "resolved":
            walk = begin(owner=walk.owner, note=walk.note, reopened_at=step.at)
        walk.take(step)
    walk.advance_to(clock)
    if summary.state == "withdrawn":
        walk.withdraw()
    follow_up = FollowUp(
        alert_id=summary.alert_id,
        customer_id=summary.customer_id,
        cause=summary.cause,
        severity=summary.severity,
        stage=walk.stage,
        revision=0,
        opened_at=summary.news[0].at,
        updated_at=summary.news[0].at,
        owner=walk.owner,
        snoozed_until=walk.snoozed_until,
        acknowledged_at=walk.acknowledged_at,
        contacted_at=walk.contacted_at,
        resolved_at=walk.resolved_at,
        informed_at=walk.informed_at,
        acknowledge_due=walk.acknowledge_due,
        contact_due=walk.contact_due,
        escalation=walk.missed_acknowledge + walk.missed_contact,
        outcome=walk.outcome,
        note=walk.note,
        brand=summary.brand,
        segment=summary.segment,
        channel=summary.channel,
        end=walk.end,
        reopened_at=walk.reopened_at,
        cause_ended_at=walk.cause_ended_at,
    )
    return Progress(follow_up, walk.next_at(clock))


def in_force(actions: Sequence[Action]) -> list[Action]:
    """Return the actions that no later action undoes, without undos, in event order."""
    undone: set[str] = set()
    effective = []
    for action in sorted(actions, key=_order, reverse=True):
        if action.action_id in undone:
            continue
        if action.undoes:
            undone.add(action.undoes)
        if action.kind != "undo":
            effective.append(action)
    return effective[::-1]


def _order(action: Action) -> tuple[datetime, str]:
    return action.at, action.action_id


@dataclass(frozen=True)
class _Closing:
    """`detect` closed the alert."""

    at: datetime


_Step = AlertUpdate | Action | _Closing


def _steps(summary: AlertSummary, actions: Sequence[Action]) -> Iterator[_Step]:
    """Yield the steps in event order; at equal times the alert's news comes first."""
    opening, *later = summary.news
    steps: list[_Step] = [*later, *in_force(actions)]
    if summary.state == "resolved" and (closed_at := summary.closed_at):
        # News after a late closing belongs to the next alert.
        steps = [step for step in steps if isinstance(step, Action) or step.at <= closed_at]
        steps.append(_Closing(closed_at))
    yield opening  # by another clock, an action may be earlier
    yield from sorted(steps, key=lambda step: step.at)


@dataclass
class _Walk:
    """A mutable follow-up. Deadlines count from the last opening."""

    sla: Sla
    brand: str | None
    in_danger: bool
    stage: Stage = "open"
    opened_at: datetime | None = None
    owner: str | None = None
    snoozed_until: datetime | None = None
    acknowledged_at: datetime | None = None
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None
    informed_at: datetime | None = None
    acknowledge_due: datetime | None = None
    contact_due: datetime | None = None
    missed_acknowledge: bool = False
    missed_contact: bool = False
    outcome: str | None = None
    note: str = ""
    end: End | None = None
    reopened_at: datetime | None = None
    cause_ended_at: datetime | None = None

    def take(self, step: _Step) -> None:
        """Apply the next step, after the deadlines before it."""
        self._miss(step.at, before=True)
        if isinstance(step, AlertUpdate):
            self._apply_news(step)
        elif isinstance(step, _Closing):
            self._close(step.at)
        else:
            self._act(step)

    def advance_to(self, clock: datetime) -> None:
        """Apply the deadlines up to `clock`."""
        self._miss(clock, before=False)
        if self._is_open() and self.opened_at and self.opened_at + self.sla.expire <= clock:
            self.end = "nobody_came" if self.stage == "open" else "unfinished"
            self.stage = "expired"

    def withdraw(self) -> None:
        """End a withdrawn alert: nothing is due, but the actions taken are kept."""
        self.acknowledge_due = self.contact_due = None
        self.missed_acknowledge = self.missed_contact = False
        if self._is_open():
            self.stage, self.end = "expired", "withdrawn"

    def next_at(self, clock: datetime) -> datetime | None:
        """Return the next deadline or expiry after `clock`."""
        if not self._is_open():
            return None
        moments = [
            self.acknowledge_due if self.stage == "open" else None,
            self.contact_due if self.stage in ("open", "acknowledged") else None,
            self.opened_at and self.opened_at + self.sla.expire,
        ]
        return min((moment for moment in moments if moment and moment > clock), default=None)

    def _is_open(self) -> bool:
        return self.stage in UNDER_WAY

    def _miss(self, at: datetime, *, before: bool) -> None:
        def passed(due: datetime | None) -> bool:
            return due is not None and (due < at if before else due <= at)

        if self.stage == "open" and passed(self.acknowledge_due):
            self.missed_acknowledge = True
        if self.stage in ("open", "acknowledged") and passed(self.contact_due):
            self.missed_contact = True

    def _apply_news(self, news: AlertUpdate) -> None:
        self.opened_at = self.opened_at or news.at
        urgency: Urgency = "in_danger" if self.in_danger else known_severity(news.severity)
        acknowledge = self.sla.due(self.sla.acknowledge, urgency, news.at, self.brand)
        contact = self.sla.due(self.sla.contact, urgency, news.at, self.brand)
        # Further bad news extends no deadline.
        self.acknowledge_due = min(self.acknowledge_due or acknowledge, acknowledge)
        self.contact_due = min(self.contact_due or contact, contact)

    def _close(self, at: datetime) -> None:
        if not self._is_open():
            return
        self.cause_ended_at = at
        if self.contacted_at is None and self.contact_due and self.contact_due >= at:
            self.contact_due = None  # the contact is no longer due
        if self.stage == "open":  # otherwise its owner ends it
            self.stage, self.end, self.resolved_at = "resolved", "by_itself", at

    def _act(self, action: Action) -> None:
        self.note = action.note or self.note
        match action.kind:
            case "acknowledge":
                self._reach("acknowledged", action)
            case "assign":
                self.owner = action.assignee
                if action.assignee == action.by:
                    self._reach("acknowledged", action)
            case "snooze":
                self._snooze(action)
            case "contact":
                self._reach("contacted", action)
            case "resolve":
                self._reach("resolved", action)
                self.outcome = action.outcome
            case "inform":
                self.informed_at = self.informed_at or action.at
            case _:  # a note or an unknown kind changes nothing
                pass

    def _reach(self, stage: Stage, action: Action) -> None:
        """Advance to a stage; only an undo leads back."""
        self.owner = self.owner or action.by
        self.acknowledged_at = self.acknowledged_at or action.at
        if stage == "contacted":
            self.contacted_at = self.contacted_at or action.at
        if stage == "resolved":
            self.resolved_at, self.end = self.resolved_at or action.at, "by_person"
        self.stage = max(self.stage, stage, key=STAGES.index)
        self.snoozed_until = None

    def _snooze(self, action: Action) -> None:
        if action.until is None or not self._is_open():
            return
        until = min(action.until, action.at + self.sla.snooze_at_most)
        self.snoozed_until = until
        self.acknowledge_due = self.acknowledge_due and max(self.acknowledge_due, until)
        self.contact_due = self.contact_due and max(self.contact_due, until)
