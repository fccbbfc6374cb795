"""Actions of people on alerts, the messages of `cx.alert-actions`."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

from pipeline.common.epoch_micros import FIRST_YEAR, LAST_YEAR
from pipeline.common.plain_text import one_line
from pipeline.model.open_enum import extensible

Outcome = Literal["rescued", "no_fault", "not_reached", "lost", "other"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
AnyOutcome: TypeAlias = Annotated[str, extensible(OUTCOMES)]
ActionKind = Literal[
    "acknowledge", "assign", "snooze", "contact", "resolve", "inform", "note", "undo"
]
KINDS: tuple[ActionKind, ...] = get_args(ActionKind)

LONGEST_ID, LONGEST_NAME, LONGEST_NOTE = 128, 128, 2_000
_ID = re.compile(r"[^\W_][\w.:+@=-]*")
_NEEDED = {"assign": "assignee", "snooze": "until", "resolve": "outcome", "undo": "undoes"}


class Action(msgspec.Struct, frozen=True):
    """An action of a user (`by`) on an alert at an event time (aware).

    `assign` needs an `assignee`, `snooze` an `until`, `resolve` an `outcome`, `undo` the id of the
    action that it reverts (`undoes`). `inform`: the customer was told the outcome.
    """

    action_id: str
    alert_id: str
    customer_id: str
    kind: Annotated[str, extensible(KINDS)]
    by: str
    at: datetime
    assignee: str | None = None
    until: datetime | None = None
    outcome: AnyOutcome | None = None
    note: str = ""
    undoes: str | None = None


def problem_of(action: Action) -> str | None:
    """Return the error of an action, or None if it is valid."""
    if action.at.tzinfo is None or (action.until and action.until.tzinfo is None):
        return "a time has no UTC offset: write 2026-03-01T09:30:00+03:00"
    if not all(
        FIRST_YEAR <= moment.year <= LAST_YEAR for moment in (action.at, action.until) if moment
    ):
        return f"a time must be in the years {FIRST_YEAR} to {LAST_YEAR}"
    needed = _NEEDED.get(action.kind)
    if needed and getattr(action, needed) is None:
        return f"`{action.kind}` needs `{needed}`"
    if action.until and action.until <= action.at:
        return "`until` must be later than `at`"
    return next(_misshapen(action), None)


def _misshapen(action: Action) -> Iterator[str]:
    for field in ("action_id", "undoes"):
        id_ = getattr(action, field)
        if id_ is not None and not (len(id_) <= LONGEST_ID and _ID.fullmatch(id_)):
            yield f"`{field}` must be 1 to {LONGEST_ID} letters, digits and . : + @ = _ -"
    for field in ("by", "assignee"):
        name = getattr(action, field) or ""
        if name != one_line(name, LONGEST_NAME):
            yield f"`{field}` must be a name: one line of at most {LONGEST_NAME} characters"
    if len(action.note) > LONGEST_NOTE:
        yield f"`note` is longer than {LONGEST_NOTE:,} characters"
