"""An item of the inbox: the case of a customer with its alerts and the actions on them."""

from datetime import datetime

import msgspec

from pipeline.follow_up.case import Case, CaseCause
from pipeline.follow_up.value import Step
from pipeline.model.action import Action
from pipeline.model.alert import Alert


class InboxItem(msgspec.Struct, frozen=True):
    """A case with its alerts in the order of its causes, and the actions on it, newest first."""

    case: Case
    alerts: tuple[Alert, ...]
    actions: tuple[Action, ...] = ()

    @property
    def id(self) -> str:
        """The id of the case."""
        return self.case.case_id

    @property
    def alert(self) -> Alert:
        """The alert of a danger, else of the gravest open cause."""
        return self.alerts[0]

    @property
    def in_danger(self) -> bool:
        """Whether the customer is in danger."""
        return self.alert.in_danger and not self.ended

    @property
    def stage(self) -> str:
        """Stage of the case."""
        return self.case.stage

    @property
    def severity(self) -> str:
        """Severity of the case."""
        return self.case.severity

    @property
    def risk(self) -> float:
        """The highest risk that its alerts state."""
        return max(alert.risk for alert in self.alerts)

    @property
    def owner(self) -> str | None:
        """The person who acknowledged it or to whom it is assigned."""
        return self.case.owner

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.case.ended

    @property
    def word(self) -> tuple[str, str]:
        """Kind and key of the label of its state: its `end`, or else its `stage`."""
        return ("end", self.case.end) if self.case.end else ("stage", self.stage)

    @property
    def to_inform(self) -> bool:
        """Whether a person resolved it, and the customer has not been informed."""
        case = self.case
        return (
            case.stage == "resolved"
            and case.outcome not in (None, "not_reached")
            and case.informed_at is None
        )

    @property
    def due(self) -> tuple[Step, datetime] | None:
        """The running SLA step and its deadline."""
        return self.case.due

    @property
    def seen(self) -> str:
        """Version of the state that a button relies on; a changed one refuses the action."""
        open_causes = sum(not cause.ended for cause in self.case.causes)
        return f"{self.stage}/{self.owner or ''}/{open_causes}"

    def cause_of(self, alert: Alert) -> CaseCause:
        """Return the cause that an alert of this item is in its case."""
        return next(cause for cause in self.case.causes if cause.alert_id == alert.id)

    def snoozed(self, now: datetime) -> bool:
        """Return whether it is snoozed at this time."""
        until = self.case.snoozed_until
        return until is not None and until > now and not self.ended

    def undoable(self, by: str) -> Action | None:
        """Return the last action if this person can undo it."""
        last = next((action for action in self.actions if action.kind != "undo"), None)
        undone = {action.undoes for action in self.actions}
        if last and last.by == by and last.kind != "note" and last.action_id not in undone:
            return last
        return None
