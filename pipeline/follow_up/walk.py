"""The walk of a follow-up through the steps that move it, in event order."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from pipeline.follow_up.alert_summary import AlertSummary, AlertUpdate
from pipeline.follow_up.sla import Sla, Urgency
from pipeline.follow_up.value import STAGES, UNDER_WAY, End, Stage
from pipeline.model.action import Action
from pipeline.model.alert import Severity, grade, known_severity


class Contact(NamedTuple):
    """A contact of the customer about another cause, and the severity of that cause then."""

    at: datetime
    severity: str


@dataclass(frozen=True)
class Closing:
    """`detect` closed the alert."""

    at: datetime


@dataclass(frozen=True)
class Joining:
    """The alert joined a case that its owner had in hand."""

    at: datetime
    owner: str


Step = AlertUpdate | Action | Contact | Closing | Joining
"""What moves a follow-up; each has a time, `at`."""


@dataclass
class Walk:
    """A mutable follow-up. Deadlines count from the last opening."""

    sla: Sla
    summary: AlertSummary
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
    severity: Severity = "low"
    other_contact: Contact | None = None

    def reopened(self, at: datetime) -> "Walk":
        """Return a new round, which knows who had the alert and what else the customer heard."""
        return replace(
            Walk(self.sla, self.summary),
            owner=self.owner,
            note=self.note,
            reopened_at=at,
            other_contact=self.other_contact,
        )

    def take(self, step: Step) -> None:
        """Apply the next step, after the deadlines before it."""
        self._miss(step.at, before=True)
        match step:
            case AlertUpdate():
                self._apply_news(step)
            case Closing():
                self._close(step.at)
            case Joining():
                self.stage, self.owner, self.acknowledged_at = "acknowledged", step.owner, step.at
            case Contact():
                self.other_contact = step
                self._keep_contacts_apart()
            case Action():
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
        self.severity, brand = known_severity(news.severity), self.summary.brand
        urgency: Urgency = "in_danger" if self.summary.in_danger else self.severity
        acknowledge = self.sla.due(self.sla.acknowledge, urgency, news.at, brand)
        contact = self.sla.due(self.sla.contact, urgency, news.at, brand)
        # Further bad news extends no deadline.
        self.acknowledge_due = min(self.acknowledge_due or acknowledge, acknowledge)
        self.contact_due = min(self.contact_due or contact, contact)
        self._keep_contacts_apart()

    def _keep_contacts_apart(self) -> None:
        """Put the contact off while the last one, about another cause, is recent.

        One that was missed before stays missed. A danger never waits: nobody knows whether it was
        talked about. Nor does a critical alert that is graver than the other cause.
        """
        last, due = self.other_contact, self.contact_due
        if last is None or due is None or due < last.at or self.summary.in_danger:
            return
        if self.severity == "critical" and grade(last.severity) < grade(self.severity):
            return
        self.contact_due = max(due, last.at + self.sla.contact_pause)

    def _close(self, at: datetime) -> None:
        if not self._is_open():
            return
        self.cause_ended_at = at
        if self.contacted_at is None and self.contact_due and self.contact_due >= at:
            self.contact_due = None  # the contact is no longer due
        if self.stage == "open" and self.summary.lost and self.missed_acknowledge:
            self.stage, self.end = "expired", "nobody_came"
        elif self.stage == "open":  # otherwise its owner ends it
            self.stage, self.end, self.resolved_at = "resolved", "by_itself", at

    def _act(self, action: Action) -> None:
        on_case = action.alert_id != self.summary.alert_id
        if on_case and not self._is_open() and action.kind not in ("inform", "note"):
            return  # it holds for the open alerts of the case
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
