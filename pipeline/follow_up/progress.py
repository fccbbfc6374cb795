"""How far the follow-up of an alert is: a fold over the alert and the actions, in event time.

It is worked out anew from all that is known, so an action that is late, repeated or out of order
leads to where the same actions in their order lead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pipeline.follow_up.alert_summary import AlertSummary, AlertUpdate
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import STAGES, UNDER_WAY, End, FollowUp, Stage
from pipeline.model.action import Action
from pipeline.model.alert import known_severity


class Progress(NamedTuple):
    """A follow-up, and when the passing of time alone changes it next."""

    follow_up: FollowUp
    next_at: datetime | None


def progress(
    matter: AlertSummary, actions: Sequence[Action], sla: Sla, clock: datetime
) -> Progress:
    """Return the follow-up of an alert when the clock (event time) stands at `clock`.

    Its `revision` is 0, for it is not published yet. An alert that says something
    new after a person has resolved it is open again, and its SLA starts anew. One that `detect`
    closes while nobody has taken it on is resolved; one that somebody has in hand stays until that
    person ends it, but nobody owes the customer a call any more. One that had no cause has expired.
    """
    walk = _Walk(sla, matter.brand)
    for step in _steps(matter, actions):
        if isinstance(step, AlertUpdate) and walk.stage == "resolved":
            walk = _Walk(sla, matter.brand, owner=walk.owner, note=walk.note, reopened_at=step.at)
        walk.take(step)
    walk.pass_time(clock)
    if matter.state == "withdrawn":
        walk.withdraw()
    follow_up = FollowUp(
        alert_id=matter.alert_id,
        customer_id=matter.customer_id,
        cause=matter.cause,
        severity=matter.severity,
        stage=walk.stage,
        revision=0,
        opened_at=matter.news[0].at,
        updated_at=matter.news[0].at,
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
        brand=matter.brand,
        segment=matter.segment,
        channel=matter.channel,
        end=walk.end,
        reopened_at=walk.reopened_at,
        cause_ended_at=walk.cause_ended_at,
    )
    return Progress(follow_up, walk.next_at(clock))


def in_force(actions: Sequence[Action]) -> list[Action]:
    """Return the actions that no later one takes back, undos left out, in event order."""
    undone: set[str] = set()
    kept = []
    for action in sorted(actions, key=_order, reverse=True):
        if action.action_id in undone:
            continue
        if action.undoes:
            undone.add(action.undoes)
        if action.kind != "undo":
            kept.append(action)
    return kept[::-1]


def _order(action: Action) -> tuple[datetime, str]:
    return action.at, action.action_id


@dataclass(frozen=True)
class _Closing:
    """`detect` closed the alert."""

    at: datetime


_Step = AlertUpdate | Action | _Closing


def _steps(matter: AlertSummary, actions: Sequence[Action]) -> Iterator[_Step]:
    """Yield what happened, in event order; at one time the alert's news comes first."""
    opening, *later = matter.news
    steps: list[_Step] = [*later, *in_force(actions)]
    if matter.state == "resolved" and (closed_at := matter.closed_at):
        # What a late event closes has no news after that: it belongs to another alert now.
        steps = [one for one in steps if isinstance(one, Action) or one.at <= closed_at]
        steps.append(_Closing(closed_at))
    yield opening  # an action may be from before it, by another clock
    yield from sorted(steps, key=lambda step: step.at)


@dataclass
class _Walk:
    """A follow-up in the making. Dues hold from the last opening on."""

    sla: Sla
    brand: str | None
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
        """Take the next step, once what was due before it has been missed."""
        self._miss(step.at, before=True)
        if isinstance(step, AlertUpdate):
            self._hear(step)
        elif isinstance(step, _Closing):
            self._close(step.at)
        else:
            self._act(step)

    def pass_time(self, clock: datetime) -> None:
        """Let the clock go on to `clock`."""
        self._miss(clock, before=False)
        if self._is_open() and self.opened_at and self.opened_at + self.sla.expire <= clock:
            self.end = "nobody_came" if self.stage == "open" else "unfinished"
            self.stage = "expired"

    def withdraw(self) -> None:
        """End what had no cause; nobody had to do anything, and who did it is not forgotten."""
        self.acknowledge_due = self.contact_due = None
        self.missed_acknowledge = self.missed_contact = False
        if self._is_open():
            self.stage, self.end = "expired", "withdrawn"

    def next_at(self, clock: datetime) -> datetime | None:
        """Return the next moment after `clock` at which something is missed, or expires."""
        if not self._is_open():
            return None
        moments = [
            self.acknowledge_due if self.stage == "open" else None,
            self.contact_due if self.stage in ("open", "acknowledged") else None,
            self.opened_at and self.opened_at + self.sla.expire,
        ]
        return min((one for one in moments if one and one > clock), default=None)

    def _is_open(self) -> bool:
        return self.stage in UNDER_WAY

    def _miss(self, at: datetime, *, before: bool) -> None:
        def passed(due: datetime | None) -> bool:
            return due is not None and (due < at if before else due <= at)

        if self.stage == "open" and passed(self.acknowledge_due):
            self.missed_acknowledge = True
        if self.stage in ("open", "acknowledged") and passed(self.contact_due):
            self.missed_contact = True

    def _hear(self, news: AlertUpdate) -> None:
        self.opened_at = self.opened_at or news.at
        severity = known_severity(news.severity)
        acknowledge = self.sla.due(self.sla.acknowledge, severity, news.at, self.brand)
        contact = self.sla.due(self.sla.contact, severity, news.at, self.brand)
        # More bad news puts nothing off.
        self.acknowledge_due = min(self.acknowledge_due or acknowledge, acknowledge)
        self.contact_due = min(self.contact_due or contact, contact)

    def _close(self, at: datetime) -> None:
        if not self._is_open():
            return
        self.cause_ended_at = at
        if self.contacted_at is None and self.contact_due and self.contact_due >= at:
            self.contact_due = None  # nobody owes the customer a call any more
        if self.stage == "open":  # else whoever has it in hand also ends it
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
            case _:  # a note, or something of a newer version: it moves nothing
                pass

    def _reach(self, stage: Stage, action: Action) -> None:
        """Go on to a stage; there is no way back but to undo."""
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
