"""Lists what happened in a case."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pipeline.board.board import title_of
from pipeline.board.inbox.item import InboxItem
from pipeline.board.localizer import Localizer
from pipeline.follow_up.case import Case
from pipeline.model.action import Action
from pipeline.model.alert import Alert


class Happening(NamedTuple):
    """Something that happened; an action also has its author and note."""

    at: datetime
    what: str
    by: str = ""
    note: str = ""


def history(item: InboxItem, say: Localizer) -> list[Happening]:
    """Return what happened in a case, newest first."""
    happenings = [*_of_case(item.case, say), *(_of_action(action, say) for action in item.actions)]
    ends = {cause.alert_id: cause.end for cause in item.case.causes}
    for alert in item.alerts:
        happened = _of_alert(alert, ends.get(alert.id), say)
        if len(item.alerts) > 1:  # then it takes a name
            name = title_of(say, alert)
            happened = (one._replace(what=f"{name}: {one.what}") for one in happened)
        happenings += happened
    return sorted(happenings, key=lambda happening: happening.at, reverse=True)


def _of_alert(alert: Alert, end: str | None, say: Localizer) -> Iterator[Happening]:
    yield Happening(alert.opened_at, say.t("alert.opened"))
    if alert.state == "open" and alert.updated_at > alert.opened_at:
        yield Happening(alert.updated_at, say.t("alert.updated"))
    if alert.closed_at:
        key = "end.withdrawn" if alert.state == "withdrawn" else "alert.cause_ended"
        ended = say.t("end.by_itself" if end == "by_itself" else key)
        why = alert.why_ended(say.language)
        yield Happening(alert.closed_at, f"{ended}: {why}" if why else ended)


def _of_case(case: Case, say: Localizer) -> Iterator[Happening]:
    if case.reopened_at:
        yield Happening(case.reopened_at, say.t("alert.reopened"))
    if case.end in ("nobody_came", "unfinished"):
        yield Happening(case.updated_at, say.t(f"end.{case.end}"))
    ended = case.resolved_at or say.now
    for due, done, key in (
        (case.acknowledge_due, case.acknowledged_at, "alert.missed"),
        (case.contact_due, case.contacted_at, "alert.missed_contact"),
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
