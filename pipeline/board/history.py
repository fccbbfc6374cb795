"""What happened to an alert, as a list for people."""

from datetime import datetime
from typing import NamedTuple

from pipeline.board.item import Item
from pipeline.board.voice import Voice


class Happening(NamedTuple):
    """When what happened; by whom and with which note, where a person did it."""

    at: datetime
    what: str
    by: str = ""
    note: str = ""


def history(item: Item, say: Voice) -> list[Happening]:
    """Return what happened, the newest first."""
    alert, follow_up = item.alert, item.follow_up
    found = [Happening(alert.opened_at, say.t("alert.opened"))]
    if alert.state == "open" and alert.updated_at > alert.opened_at:
        found.append(Happening(alert.updated_at, say.t("alert.updated")))
    if alert.closed_at:
        key = "alert.withdrawn" if alert.state == "withdrawn" else "alert.closed"
        found.append(Happening(alert.closed_at, say.t(key)))
    if follow_up:
        ended = follow_up.resolved_at or say.now
        for due, done, key in (
            (follow_up.acknowledge_due, follow_up.acknowledged_at, "alert.missed"),
            (follow_up.contact_due, follow_up.contacted_at, "alert.missed_contact"),
        ):
            if due and due < (done or ended):
                found.append(Happening(due, say.t(key)))
    for action in item.actions:
        what = say.t(f"did.{action.kind}")
        if action.kind == "assign" and action.assignee:
            what = f"{what}: {action.assignee}"
        if action.outcome:
            what = f"{what}: {say.t(f'outcome.{action.outcome}')}"
        if action.until:
            what = say.t("card.snoozed", until=say.clock(action.until))
        found.append(Happening(action.at, what, action.by, action.note))
    return sorted(found, key=lambda one: one.at, reverse=True)
