"""Folds changes of cases and alerts into the threads of a customer."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from pipeline.follow_up.case import Case
from pipeline.model.alert import Alert
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import KEPT_EVIDENCE, Change, NotificationState, Thread


def fold(
    customer: NotificationState, changes: Iterable[Change], routing: RoutingTable, now: datetime
) -> NotificationState:
    """Return the state after changes of cases and alerts, which may repeat or be late.

    A new case is ignored if its change is older than `routing.max_age`, and an ended one is dropped
    after that time: its repetitions would be too old by then.
    """
    for change in changes:
        if isinstance(change, Case):
            customer = _take_case(customer, change, routing, now)
        else:
            customer = _take_alert(customer, _shortened(change), routing, now)
    return replace(
        customer,
        threads=tuple(one for one in customer.threads if not _is_over(one, routing, now)),
        waiting=tuple(one for one in customer.waiting if now - one.updated_at <= routing.max_age),
    )


def _shortened(alert: Alert) -> Alert:
    return replace(alert, contributions=(), evidence=alert.evidence[-KEPT_EVIDENCE:])


def _take_alert(
    customer: NotificationState, alert: Alert, routing: RoutingTable, now: datetime
) -> NotificationState:
    threads = [thread for thread in customer.threads if _is_about(thread, alert.id)]
    for before in map(_as_now, threads):
        alerts = _newest((*before.alerts, alert))
        if alerts != before.alerts:
            after = replace(before, alerts=alerts, seen_at=now)
            customer = customer.having(_routed(before, after, routing, now))
    if threads:
        return customer
    return replace(customer, waiting=_newest((*customer.waiting, alert)))


def _take_case(
    customer: NotificationState, case: Case, routing: RoutingTable, now: datetime
) -> NotificationState:
    ids = _ids(case)
    known = customer.thread(case.case_id)
    begun = any(thread.id in ids for thread in customer.threads)
    if known is None and not begun and now - case.updated_at > routing.max_age:
        return customer
    if known and known.case and known.case.revision >= case.revision:
        return customer
    customer, before = _taken_over(customer, known or Thread(case.case_id, now), case)
    here = (alert for alert in customer.waiting if alert.id in ids)
    older = (_as_now(thread) for thread in customer.threads if thread.id in ids)
    told = (alert for thread in older for alert in thread.alerts)
    alerts = _newest((*before.alerts, *told, *here))
    after = replace(before, case=case, alerts=alerts, seen_at=now)
    customer = customer.having(_routed(before, after, routing, now))
    for other in customer.threads:
        if other.id in ids:
            customer = customer.having(replace(_as_now(other), case=case, seen_at=now))
    waiting = tuple(alert for alert in customer.waiting if alert.id not in ids)
    return replace(customer, waiting=waiting)


def _taken_over(
    customer: NotificationState, thread: Thread, case: Case
) -> tuple[NotificationState, Thread]:
    """Return the case's thread, which goes on that of an older version about its first alert.

    Channels know that thread already. Those about other alerts stay until their last message.
    """
    began = [_as_now(one) for one in customer.threads if one.id in _ids(case) and one.of_alert]
    first = min(began, key=lambda one: (one.alerts[0].opened_at, one.id), default=None)
    if thread.case or first is None:
        return customer, thread
    others = tuple(one for one in customer.threads if one.id != first.id)
    return replace(customer, threads=others), replace(first, id=thread.id)


def _as_now(thread: Thread) -> Thread:
    """Return a thread of an older version in the form of this one."""
    return replace(thread, of_alert=None, alerts=(thread.of_alert,)) if thread.of_alert else thread


def _ids(case: Case) -> set[str]:
    return {cause.alert_id for cause in case.causes}


def _is_about(thread: Thread, alert_id: str) -> bool:
    return thread.id == alert_id or bool(thread.case and alert_id in _ids(thread.case))


def _newest(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Return the highest revision of each alert."""
    found: dict[str, Alert] = {}
    for alert in alerts:
        if alert.id not in found or found[alert.id].revision < alert.revision:
            found[alert.id] = alert
    return tuple(found.values())


def _routed(before: Thread, after: Thread, routing: RoutingTable, now: datetime) -> Thread:
    """Return the thread with the channels that a further alert or topic, or its severity, asks for.

    Each alert takes the routes of the case's severity, so that a light cause calls nobody new to a
    grave case but its own department.
    """
    if after.absorbed or after.case is None or _routed_by(before) == _routed_by(after):
        return after
    known = {chain.route for chain in after.chains}
    found = (
        chain
        for alert in after.alerts
        for chain in routing.chains(replace(alert, severity=after.severity), now)
    )
    new = {chain.route: chain for chain in found if chain.route not in known}
    return replace(after, chains=(*after.chains, *new.values()))


def _routed_by(thread: Thread) -> tuple[str, set[str], set[str]]:
    topics = {topic for alert in thread.alerts for topic in alert.topics}
    return thread.severity, {alert.id for alert in thread.alerts}, topics


def _is_over(thread: Thread, routing: RoutingTable, now: datetime) -> bool:
    """Return whether the thread can be dropped: it has ended, and all its channels were told."""
    if thread.alert and not (thread.ended and all(receipt.ended for receipt in thread.told)):
        return False
    sources = (thread.case, thread.alert, thread.of_alert)
    changes = [source.updated_at for source in sources if source]
    return now - max([thread.seen_at, *changes]) > routing.max_age
