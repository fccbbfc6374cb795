"""Turns a submitted form into an action."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pipeline.common.refused import Refused
from pipeline.model.action import LONGEST_NOTE, OUTCOMES
from pipeline.service.views import ActionRequest

LONGEST_SNOOZE = 7 * 24 * 60


def request_of(form: Mapping[str, str], user: str, now: datetime) -> ActionRequest:
    """Return the action that a form requests in `do`: acknowledge, snooze:30, undo:ID.

    Raises Refused with the key of the text of the reason.
    """
    what, _, of = form.get("do", "").partition(":")
    note = form.get("note", "").strip()[:LONGEST_NOTE]
    match what:
        case "acknowledge" | "contact" | "inform":
            return ActionRequest(what, note=note)
        case "assign":
            return ActionRequest("assign", assignee=user, note=note)
        case "snooze" if of.isdecimal() and len(of) < 6 and 0 < int(of) <= LONGEST_SNOOZE:
            return ActionRequest("snooze", until=now + timedelta(minutes=int(of)), note=note)
        case "resolve" if form.get("outcome") in OUTCOMES:
            outcome = next(value for value in OUTCOMES if value == form["outcome"])
            return ActionRequest("resolve", outcome=outcome, note=note)
        case "note" if note:
            return ActionRequest("note", note=note)
        case "note":
            raise Refused("act.no_note")
        case "undo" if of:
            return ActionRequest("undo", undoes=of)
    raise Refused("act.unknown")
