"""Lists what happened to an alert."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pipeline.board.inbox.item import InboxItem
from pipeline.board.localizer import Localizer
from pipeline.follow_up.value import FollowUp
from pipeline.model.action import Action


class Happening(NamedTuple):
    """Something that happened; an action also has its author and note."""

    at: datetime
    what: str
    by: str = ""
    note: str = ""


def history(item: InboxItem, say: Localizer) -> list[Happening]:
    """Return what happened to an alert, newest first."""
    happenings = [*_of_alert(item, say), *(_of_action(action, say) for action in item.actions)]
    if item.follow_up:
        happenings += _of_follow_up(item.follow_up, say)
    return sorted(happenings, key=lambda happening: happening.at, reverse=True)


def _of_alert(item: InboxItem, say: Localizer) -> Iterator[Happening]:
    alert = item.alert
    yield Happening(alert.opened_at, say.t("alert.opened"))
    if alert.state == "open" and alert.updated_at > alert.opened_at:
        yield Happening(alert.updated_at, say.t("alert.updated"))
    if alert.closed_at:
        key = "end.withdrawn" if alert.state == "withdrawn" else "alert.cause_ended"
        end = say.t("end.by_itself" if item.word == ("end", "by_itself") else key)
        why = alert.why_ended(say.language)
        yield Happening(alert.closed_at, f"{end}: {why}" if why else end)


def _of_follow_up(follow_up: FollowUp, say: Localizer) -> Iterator[Happening]:
    if follow_up.reopened_at:
        yield Happening(follow_up.reopened_at, say.t("alert.reopened"))
    if follow_up.end in ("nobody_came", "unfinished"):
        yield Happening(follow_up.updated_at, say.t(f"end.{follow_up.end}"))
    ended = follow_up.resolved_at or say.now
    for due, done, key in (
        (follow_up.acknowledge_due, follow_up.acknowledged_at, "alert.missed"),
        (follow_up.contact_due, follow_up.contacted_at, "alert.missed_contact"),
    ):
        if due and due < (done or ended):
            yield Happening(due, say.t(key))


def _of_action(action: Action, say: Localizer) -> Happening:
    what = say.label("did", action.kind)
    if action.kind == "assign" and action.assignee:
        what = f"{what}: {action.assignee}"
    if action.outcome:
        what = f"{what}: {say.label('outcome', action.outcome)}"
    if action.until:
        what = say.t("card.snoozed", until=say.clock(action.until))
    return Happening(action.at, what, action.by, action.note)
