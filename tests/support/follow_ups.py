"""Builds alerts, actions on them, and the resulting follow-ups."""

from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from msgspec.structs import replace

from pipeline.config.groups import ROOT
from pipeline.follow_up.alert_progress import AlertProgress, advance_to, decided, with_change
from pipeline.follow_up.sla import Sla, load_sla
from pipeline.follow_up.value import FollowUp
from pipeline.model.action import Action, ActionKind
from pipeline.model.alert import Alert
from tests.support.notify_cases import ALERT_ID, MONDAY_NOON
from tests.support.notify_cases import alert as notice

SLA = load_sla(ROOT / "desk" / "sla.yaml", ROOT / "desk" / "calendar.yaml")
NOON = MONDAY_NOON
alert = partial(notice, opened_at=NOON)
HIGH = alert(severity="high")
ids = count()


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def did(kind: ActionKind, minutes: float, by: str = "ayse", **fields: Any) -> Action:
    given_id = fields.pop("action_id", f"a{next(ids)}")
    return Action(given_id, ALERT_ID, "c1", kind, by, at(minutes), **fields)


def resolved(minutes: float, **fields: Any) -> Action:
    return did("resolve", minutes, outcome="rescued", **fields)


def apply_change(alert: AlertProgress, change: Alert | Action, sla: Sla) -> AlertProgress:
    """Return an alert of a customer without others after a change."""
    after = with_change(alert, change)
    at = change.updated_at if isinstance(change, Alert) else change.at
    return alert if after == alert else decided(after, sla, at)


def case_of(*changes: Alert | Action, until: float = 0) -> AlertProgress:
    case = AlertProgress(ALERT_ID)
    for change in changes:
        case = apply_change(case, change, SLA)
    return advanced(case, at(until))


def advanced(case: AlertProgress, until: datetime) -> AlertProgress:
    """The case after all its deadlines up to a time."""
    while (later := advance_to(case, SLA, until)) is not case:
        case = later
    return case


def followed(*changes: Alert | Action, until: float = 0) -> FollowUp:
    follow_up = case_of(*changes, until=until).follow_up
    assert follow_up is not None
    return follow_up


def content(follow_up: FollowUp) -> FollowUp:
    """Return the follow-up without the parts that depend on the order of arrival."""
    return replace(follow_up, revision=0, updated_at=NOON)
