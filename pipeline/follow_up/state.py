"""The state of `follow_up`: a customer's alerts with their follow-ups, and the cases of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import partial, reduce
from typing import NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from pipeline.follow_up.alert_progress import (
    AlertProgress,
    advance_to,
    decided,
    is_over,
    with_change,
)
from pipeline.follow_up.alert_summary import AlertSummary
from pipeline.follow_up.case import CaseEvent
from pipeline.follow_up.case_progress import CaseProgress, case_id_of, recomputed
from pipeline.follow_up.others import OnCases, contacts_about, others_of
from pipeline.follow_up.progress import Others
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import FollowUpEvent
from pipeline.model.action import Action
from pipeline.model.alert import Alert

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Decide(Protocol):
    """Recomputes the follow-up of an alert beside the customer's other alerts."""

    def __call__(self, alert: AlertProgress, /, *, others: Others) -> AlertProgress: ...  # noqa: D102


class FollowUpState(msgspec.Struct, frozen=True):
    """The alerts and cases of a customer, which share a state in the table.

    An entry of `alerts` without an alert holds the actions on what has that id: an alert that has
    not arrived, or a case. `lag` is the delay of the last change after its event time, in seconds.
    """

    alerts: tuple[AlertProgress, ...] = msgspec.field(default=(), name="cases")
    lag: float = 0.0
    cases: tuple[CaseProgress, ...] = msgspec.field(default=(), name="customer_cases")

    def alert(self, alert_id: str) -> AlertProgress:
        """Return an alert, a new one if it is unknown."""
        known = (alert for alert in self.alerts if alert.alert_id == alert_id)
        return next(known, AlertProgress(alert_id))

    def having(self, alert: AlertProgress) -> "FollowUpState":
        """Return the state with this alert in place of its previous version."""
        alerts = {known.alert_id: known for known in self.alerts} | {alert.alert_id: alert}
        return replace(self, alerts=tuple(alerts.values()))

    @property
    def due(self) -> list[FollowUpEvent | CaseEvent]:
        """The events to publish."""
        follow_ups = [event for alert in self.alerts if (event := alert.due)]
        cases = [changed for case in self.cases if (changed := case.due)]
        return [*follow_ups, *cases]

    @property
    def next_at(self) -> datetime | None:
        """The next deadline of any alert (event time)."""
        return min((alert.next_at for alert in self.alerts if alert.next_at), default=None)

    @property
    def lacks_case(self) -> bool:
        """Whether an alert has no case yet, as in states of versions without cases."""
        return any(alert.summary and alert.case_id is None for alert in self.alerts)

    @property
    def on_cases(self) -> OnCases:
        """The actions on each case."""
        ids = {alert.case_id for alert in self.alerts}
        return {alert.alert_id: alert.actions for alert in self.alerts if alert.alert_id in ids}

    def in_order(self) -> list[tuple[AlertProgress, AlertSummary]]:
        """Return the alerts that have arrived, in the order in which they opened."""
        arrived = [(alert, alert.summary) for alert in self.alerts if alert.summary]
        return sorted(arrived, key=lambda pair: (pair[1].opened_at, pair[0].alert_id))


class ReceivedChange(NamedTuple):
    """A change of an alert or an action, and when the broker received it."""

    change: Alert | Action
    received_at: datetime

    @property
    def customer_id(self) -> str:
        """The customer of the alert."""
        return self.change.customer_id

    @property
    def happened_at(self) -> datetime:
        """The event time of the change."""
        return self.change.updated_at if isinstance(self.change, Alert) else self.change.at


def apply_changes(
    customer: FollowUpState, arrivals: Iterable[ReceivedChange], sla: Sla
) -> FollowUpState:
    """Return the state after changes, which may arrive in any order and repeatedly."""
    for arrival in arrivals:
        customer = _apply_change(customer, arrival, sla)
        lag = arrival.received_at - arrival.happened_at
        customer = replace(customer, lag=lag.total_seconds())
    return customer


def _apply_change(customer: FollowUpState, arrival: ReceivedChange, sla: Sla) -> FollowUpState:
    change, at = arrival.change, arrival.happened_at
    before = customer.alert(change.id if isinstance(change, Alert) else change.alert_id)
    after = with_change(before, change)
    if after == before:
        return customer
    customer = with_members(customer.having(after))
    changed = after.alert_id
    concerned = {
        alert.alert_id
        for alert in customer.alerts
        if changed in (alert.alert_id, alert.case_id) or (alert.summary and alert.live)
    }
    return _settled(customer, concerned, sla, partial(decided, sla=sla, at=at))


def advance(customer: FollowUpState, sla: Sla, now: datetime) -> FollowUpState:
    """Return the state after its next deadline up to `now`, without what ended long ago.

    One deadline at a time, so that the published events do not depend on when this is called. Call
    it again until the result no longer changes.
    """
    at = min(customer.next_at or now, now)
    customer = with_members(_without_forgotten(customer, at))
    due = {
        alert.alert_id
        for alert in customer.alerts
        if alert.next_at and alert.next_at <= at and not is_over(alert, at)
    }
    return _settled(customer, due, sla, partial(advance_to, sla=sla, now=at))


def _without_forgotten(customer: FollowUpState, at: datetime) -> FollowUpState:
    """Return the state without what ended long ago.

    A case that has ended stays as it was: its alerts, and the actions on it, are forgotten together
    with the last of them. One that is under way goes on without those that ended long ago.
    """
    cases = defaultdict[str, list[AlertProgress]](list)
    for alert in customer.alerts:
        cases[alert.case_id or alert.alert_id].append(alert)
    kept = []
    for alert in customer.alerts:
        case = cases[alert.case_id or alert.alert_id]
        under_way = any(one.summary and one.live for one in case)
        if not is_over(alert, at):
            kept.append(alert)
        elif not all(is_over(one, at) for one in case) and not (alert.summary and under_way):
            last = max(one.next_at for one in case if one.next_at)
            kept.append(replace(alert, next_at=last))
    return replace(customer, alerts=tuple(kept))


def published(customer: FollowUpState) -> FollowUpState:
    """Return the state after all due events have been published, without cases of no alert."""
    alerts = tuple(
        replace(alert, sent=alert.follow_up.revision) if alert.follow_up else alert
        for alert in customer.alerts
    )
    ids = {alert.case_id for alert in alerts}
    cases = tuple(
        replace(one, sent=one.case.revision) for one in customer.cases if one.case.case_id in ids
    )
    return replace(customer, alerts=alerts, cases=cases)


def _settled(
    customer: FollowUpState, concerned: Collection[str], sla: Sla, decide: Decide
) -> FollowUpState:
    """Return the state with these alerts decided, in the order of their openings, and the cases."""
    on_cases = customer.on_cases
    arrived = [alert for alert, _ in customer.in_order()]
    for alert in (*arrived, *(alert for alert in customer.alerts if alert.summary is None)):
        if alert.alert_id in concerned:
            others = others_of(alert, customer.alerts, on_cases)
            customer = customer.having(decide(alert, others=others))
    return _with_cases(with_members(customer), sla)


def with_members(customer: FollowUpState) -> FollowUpState:
    """Return the state with each alert in a case.

    An alert joins the case under way, or the last one if it opened before that ended; any other
    opens a case. An alert of an earlier case that comes back joins the case under way, too.
    """
    ended = {one.case.case_id: one.case.ended_at for one in customer.cases}
    current = next((case_id for case_id in ended if ended[case_id] is None), None)
    current = current or next(reversed(ended), None)
    for alert, summary in customer.in_order():
        before = ended.get(current) if current else None
        if alert.case_id is None:
            if current is None or (before and summary.opened_at > before):
                current, before = case_id_of(summary.customer_id, alert.alert_id), _LONG_AGO
            customer = customer.having(replace(alert, case_id=current))
            after = alert.ended_at
            ended[current] = max(before, after) if before and after else None
        elif alert.live and alert.case_id != current and current and before is None:
            on_case = customer.on_cases.get(alert.case_id, ())
            moved = replace(reduce(with_change, on_case, alert), case_id=current)
            customer = customer.having(moved)
    return customer


def _with_cases(customer: FollowUpState, sla: Sla) -> FollowUpState:
    """Return the state with its cases recomputed.

    A case whose alerts have all joined another stays until its end is published.
    """
    on_cases = customer.on_cases
    alerts: dict[str, list[AlertProgress]] = {}
    for alert, _ in customer.in_order():
        alerts.setdefault(alert.case_id or "", []).append(alert)
    contacts = [one.at for alert in customer.alerts for one in contacts_about(alert, on_cases)]
    not_before = max(contacts) + sla.contact_pause if contacts else None
    known = {
        one.case.case_id: one
        for one in customer.cases
        if one.case.case_id in alerts or one.case.revision != one.sent
    }
    cases = (
        recomputed(case_id, alerts[case_id], on_cases, not_before, known.get(case_id))
        if case_id in alerts
        else known[case_id]
        for case_id in dict.fromkeys((*known, *alerts))
    )
    return replace(customer, cases=tuple(cases))
