"""What the follow-up of an alert has to know of the alert."""

from datetime import datetime

import msgspec

from pipeline.model.alert import Alert, grade

KEPT_NEWS = 50
"""Moments of an alert that are remembered: the opening, and the last of the others."""


class AlertUpdate(msgspec.Struct, frozen=True, array_like=True):
    """When an alert said something new (event time), and how severe it was by then."""

    at: datetime
    severity: str


class AlertSummary(msgspec.Struct, frozen=True):
    """An alert after `revision` changes; the first of its `news` is the opening.

    `quoted` are the events that its evidence is from.
    """

    alert_id: str
    customer_id: str
    cause: str
    severity: str
    state: str
    revision: int
    news: tuple[AlertUpdate, ...]
    quoted: tuple[str, ...]
    closed_at: datetime | None = None
    brand: str | None = None
    segment: str | None = None
    channel: str | None = None


def matter_of(alert: Alert, before: AlertSummary | None) -> AlertSummary:
    """Return what is known once `alert` has come; a revision that was known changes nothing.

    News is another event in its evidence, or a severity that rose. Updates of other kinds, as of
    the risk, ask nothing more of a person.
    """
    if before and alert.revision <= before.revision:
        return before
    opening = AlertUpdate(alert.opened_at, before.news[0].severity if before else alert.severity)
    later = before.news[1:] if before else ()
    quoted = tuple(dict.fromkeys(one.event_id for one in alert.evidence))
    if before and alert.state == "open" and _is_news(alert, quoted, before):
        later = (*later, AlertUpdate(alert.updated_at, alert.severity))[1 - KEPT_NEWS :]
    return AlertSummary(
        alert_id=alert.id,
        customer_id=alert.customer_id,
        cause=alert.cause,
        severity=alert.severity,
        state=alert.state,
        revision=alert.revision,
        news=(opening, *later),
        quoted=quoted or (before.quoted if before else ()),
        closed_at=alert.closed_at,
        brand=alert.brand,
        segment=alert.segment,
        channel=alert.channel,
    )


def _is_news(alert: Alert, quoted: tuple[str, ...], before: AlertSummary) -> bool:
    rose = grade(alert.severity) > grade(before.severity)
    return rose or bool({*quoted} - {*before.quoted})
