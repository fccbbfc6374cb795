"""An item of the inbox: an alert with its follow-up and its actions."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from pipeline.follow_up.value import FollowUp, Stage, Step, end_of
from pipeline.model.action import Action
from pipeline.model.alert import Alert

_WITHOUT_FOLLOW_UP: Mapping[str, Stage] = {
    "resolved": "resolved",
    "withdrawn": "expired",
}


class InboxItem(msgspec.Struct, frozen=True):
    """An alert with its follow-up (None if not begun) and its actions, newest first."""

    alert: Alert
    follow_up: FollowUp | None = None
    actions: tuple[Action, ...] = ()

    @property
    def stage(self) -> str:
        """Stage of the follow-up."""
        if self.follow_up:
            return self.follow_up.stage
        return _WITHOUT_FOLLOW_UP.get(self.alert.state, "open")

    @property
    def severity(self) -> str:
        """Current severity; the follow-up may lag behind the alert."""
        return self.alert.severity

    @property
    def owner(self) -> str | None:
        """The person who acknowledged it or to whom it is assigned."""
        return self.follow_up.owner if self.follow_up else None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.follow_up.ended if self.follow_up else self.alert.state in _WITHOUT_FOLLOW_UP

    @property
    def word(self) -> tuple[str, str]:
        """Kind and key of the label of its state: its `end`, or else its `stage`."""
        end = end_of(self.alert.state, self.follow_up) if self.ended else None
        return ("end", end) if end else ("stage", self.stage)

    @property
    def to_inform(self) -> bool:
        """Whether a person resolved it, and the customer has not been informed."""
        follow_up = self.follow_up
        return bool(
            follow_up
            and follow_up.stage == "resolved"
            and follow_up.outcome
            and follow_up.outcome != "not_reached"
            and follow_up.informed_at is None
        )

    @property
    def due(self) -> tuple[Step, datetime] | None:
        """The running SLA step and its deadline."""
        return self.follow_up.due if self.follow_up else None

    @property
    def seen(self) -> str:
        """Version of the state that a button relies on; a changed one refuses the action."""
        return f"{self.stage}/{self.owner or ''}"

    def snoozed(self, now: datetime) -> bool:
        """Return whether it is snoozed at this time."""
        until = self.follow_up.snoozed_until if self.follow_up else None
        return until is not None and until > now and not self.ended

    def undoable(self, by: str) -> Action | None:
        """Return the last action if this person can undo it."""
        last = next((action for action in self.actions if action.kind != "undo"), None)
        undone = {action.undoes for action in self.actions}
        if last and last.by == by and last.kind != "note" and last.action_id not in undone:
            return last
        return None
