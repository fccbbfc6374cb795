"""What the follow-up of an alert takes from the customer's other alerts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from pipeline.follow_up.alert_progress import AlertProgress
from pipeline.follow_up.alert_summary import AlertSummary
from pipeline.follow_up.progress import ALONE, Others, in_force
from pipeline.follow_up.walk import Contact
from pipeline.model.action import Action
from pipeline.model.alert import gravity

OnCases = Mapping[str, Sequence[Action]]
"""The actions on whole cases, by case."""


def others_of(alert: AlertProgress, alerts: Iterable[AlertProgress], on_cases: OnCases) -> Others:
    """Return what an alert takes from the customer's `alerts` and from the actions on its case."""
    if alert.summary is None:
        return ALONE
    own = {action.action_id for action in actions_on(alert, on_cases)}
    others = [other for other in alerts if other.alert_id != alert.alert_id]
    contacts = (contact for other in others for contact in contacts_about(other, on_cases, own))
    return Others(
        on_case=tuple(on_cases.get(alert.case_id or "", ())),
        contacts=tuple(sorted(contacts)),
        in_hand_of=_in_hand_of(alert, alert.summary, others),
    )


def actions_on(alert: AlertProgress, on_cases: OnCases) -> list[Action]:
    """Return the actions on an alert, and those on its case since it opened."""
    if alert.summary is None:
        return [*alert.actions]
    opened_at = alert.summary.opened_at
    on_case = on_cases.get(alert.case_id or "", ())
    return [*alert.actions, *(action for action in on_case if action.at >= opened_at)]


def contacts_about(
    alert: AlertProgress, on_cases: OnCases, without: Iterable[str] = ()
) -> Iterator[Contact]:
    """Yield the contacts of the customer about an alert, but for the actions `without`."""
    for action in in_force(actions_on(alert, on_cases)):
        if action.kind == "contact" and alert.summary and action.action_id not in without:
            yield Contact(action.at, _severity_at(alert.summary, action.at))


def _severity_at(summary: AlertSummary, at: datetime) -> str:
    return next(
        (news.severity for news in reversed(summary.news) if news.at <= at),
        summary.news[0].severity,
    )


def _in_hand_of(
    alert: AlertProgress, summary: AlertSummary, others: Iterable[AlertProgress]
) -> str | None:
    """Return who had the case in hand when the alert joined it, unless the alert was graver."""
    joined = summary.opened_at
    hands = [
        (gravity(follow_up.severity, in_danger=other.summary.in_danger), follow_up.owner)
        for other in others
        if other.case_id == alert.case_id
        and other.summary
        and (follow_up := other.follow_up)
        and follow_up.owner
        and (follow_up.opened_at, other.alert_id) < (joined, alert.alert_id)
        and follow_up.acknowledged_at is not None
        and follow_up.acknowledged_at <= joined
        and (follow_up.ended_at is None or follow_up.ended_at > joined)
    ]
    if not hands:
        return None
    gravest, owner = max(hands)
    own = gravity(summary.news[0].severity, in_danger=summary.in_danger)
    return owner if gravest >= own else None
