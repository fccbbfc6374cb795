"""A summary of an alert for its follow-up."""

from datetime import datetime

import msgspec

from pipeline.model.alert import Alert, grade

KEPT_NEWS = 50
"""Maximum number of remembered updates of an alert: the opening and the last ones."""


class AlertUpdate(msgspec.Struct, frozen=True, array_like=True):
    """The time of news about an alert (event time), and its severity then."""

    at: datetime
    severity: str


class AlertSummary(msgspec.Struct, frozen=True):
    """An alert after `revision` changes; the first of its `news` is the opening.

    `quoted` are the events of its evidence; `in_danger` and `lost` as in `Alert`.
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
    in_danger: bool = False
    lost: bool = False

    @property
    def opened_at(self) -> datetime:
        """The event time of the opening."""
        return self.news[0].at


def summary_of(alert: Alert, before: AlertSummary | None) -> AlertSummary:
    """Return the summary after a change of its alert; a known revision changes nothing.

    News is a new event in the evidence or a higher severity. Other updates, such as of the risk,
    require nothing of a person.
    """
    if before and alert.revision <= before.revision:
        return before
    opening = AlertUpdate(alert.opened_at, before.news[0].severity if before else alert.severity)
    later = before.news[1:] if before else ()
    quoted = tuple(dict.fromkeys(proof.event_id for proof in alert.evidence))
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
        in_danger=alert.in_danger,
        lost=alert.lost,
    )


def _is_news(alert: Alert, quoted: tuple[str, ...], before: AlertSummary) -> bool:
    rose = grade(alert.severity) > grade(before.severity)
    return rose or bool({*quoted} - {*before.quoted})
