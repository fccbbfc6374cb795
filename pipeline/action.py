"""What a person did about an alert, as it travels on `cx.alert-actions`."""

from datetime import datetime
from typing import Literal

import msgspec

Outcome = Literal["rescued", "no_fault", "not_reached", "lost", "other"]
ActionKind = Literal[
    "acknowledge", "assign", "snooze", "contact", "resolve", "inform", "note", "undo"
]

_NEEDED = {"assign": "assignee", "snooze": "until", "resolve": "outcome", "undo": "undoes"}


class Action(msgspec.Struct, frozen=True):
    """Who did what about an alert, and when (aware, event time).

    `assign` has an `assignee`, `snooze` an `until`, `resolve` an `outcome`, `undo` the id of the
    action that it takes back (`undoes`). `inform`: the customer was told what came of it.
    """

    action_id: str
    alert_id: str
    customer_id: str
    kind: ActionKind
    by: str
    at: datetime
    assignee: str | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    note: str = ""
    undoes: str | None = None


def problem_of(action: Action) -> str | None:
    """Return in a sentence what an action lacks, or None."""
    if action.at.tzinfo is None or (action.until and action.until.tzinfo is None):
        return "a time has no offset from UTC: write 2026-03-01T09:30:00+03:00"
    needed = _NEEDED.get(action.kind)
    if needed and getattr(action, needed) is None:
        return f"`{action.kind}` needs `{needed}`"
    if action.until and action.until <= action.at:
        return "`until` must be later than `at`"
    return None
