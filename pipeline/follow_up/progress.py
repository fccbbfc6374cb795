"""Computes the follow-up of an alert: a fold over the alert and its actions in event time.

It is recomputed from all known changes, so late, repeated or reordered actions lead to the same
result as the same actions in order.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.follow_up.alert_summary import AlertSummary, AlertUpdate
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import FollowUp
from pipeline.follow_up.walk import Closing, Contact, Joining, Step, Walk
from pipeline.model.action import Action


class Others(NamedTuple):
    """What a follow-up takes from the customer's other alerts.

    `on_case` are actions on the whole case: each holds for the alerts that are open then. A contact
    in `contacts` puts the contact about this alert off. `in_hand_of` is the person who had the case
    in hand when the alert joined it.
    """

    on_case: tuple[Action, ...] = ()
    contacts: tuple[Contact, ...] = ()
    in_hand_of: str | None = None


ALONE = Others()
"""Of the only alert of a customer."""


class Progress(NamedTuple):
    """A follow-up, and its next deadline."""

    follow_up: FollowUp
    next_at: datetime | None


def progress(
    summary: AlertSummary,
    actions: Sequence[Action],
    sla: Sla,
    clock: datetime,
    others: Others = ALONE,
) -> Progress:
    """Return the follow-up of an alert at the event time `clock`.

    Its `revision` is 0, since it is not published yet. News after a person resolved the alert
    reopens it, and its SLA starts again. If `detect` closes an alert that nobody has acknowledged,
    it is resolved; an acknowledged one stays until its owner ends it, but the contact is no longer
    due. A withdrawn alert expires.
    """
    walk = Walk(sla, summary)
    for step in _steps(summary, actions, others):
        if isinstance(step, AlertUpdate) and walk.stage == "resolved":
            walk = walk.reopened(step.at)
        walk.take(step)
    walk.advance_to(clock)
    if summary.state == "withdrawn":
        walk.withdraw()
    follow_up = FollowUp(
        alert_id=summary.alert_id,
        customer_id=summary.customer_id,
        cause=summary.cause,
        severity=summary.severity,
        stage=walk.stage,
        revision=0,
        opened_at=summary.news[0].at,
        updated_at=summary.news[0].at,
        owner=walk.owner,
        snoozed_until=walk.snoozed_until,
        acknowledged_at=walk.acknowledged_at,
        contacted_at=walk.contacted_at,
        resolved_at=walk.resolved_at,
        informed_at=walk.informed_at,
        acknowledge_due=walk.acknowledge_due,
        contact_due=walk.contact_due,
        escalation=walk.missed_acknowledge + walk.missed_contact,
        outcome=walk.outcome,
        note=walk.note,
        brand=summary.brand,
        segment=summary.segment,
        channel=summary.channel,
        end=walk.end,
        reopened_at=walk.reopened_at,
        cause_ended_at=walk.cause_ended_at,
    )
    return Progress(follow_up, walk.next_at(clock))


def in_force(actions: Sequence[Action]) -> list[Action]:
    """Return the actions that no later action undoes, without undos, in event order."""
    undone: set[str] = set()
    effective = []
    for action in sorted(actions, key=_order, reverse=True):
        if action.action_id in undone:
            continue
        if action.undoes:
            undone.add(action.undoes)
        if action.kind != "undo":
            effective.append(action)
    return effective[::-1]


def _order(action: Action) -> tuple[datetime, str]:
    return action.at, action.action_id


def _steps(summary: AlertSummary, actions: Sequence[Action], others: Others) -> Iterator[Step]:
    """Yield the steps in event order; at equal times the alert's news comes first."""
    opening, *later = summary.news
    on_case = [action for action in others.on_case if action.at >= opening.at]
    steps: list[Step] = [*later, *in_force([*actions, *on_case]), *others.contacts]
    if summary.state == "resolved" and (closed_at := summary.closed_at):
        # News after a late closing belongs to the next alert.
        steps = [step for step in steps if isinstance(step, Action) or step.at <= closed_at]
        steps.append(Closing(closed_at))
    yield opening  # by another clock, an action may be earlier
    if others.in_hand_of:
        yield Joining(opening.at, others.in_hand_of)
    yield from sorted(steps, key=lambda step: step.at)
