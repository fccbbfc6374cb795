"""Ranks cases by urgency."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pipeline.board.inbox.item import InboxItem
from pipeline.model.alert import Severity, known_severity

SEVERITY: Mapping[Severity, float] = {"low": 1.0, "medium": 2.0, "high": 4.0, "critical": 8.0}
"""Weights by severity; each counts twice the one below."""

STAGE: Mapping[str, float] = {
    "open": 1.0,
    "acknowledged": 0.5,
    "contacted": 0.25,
    "resolved": 0.0,
    "expired": 0.0,
}
"""Weights by stage: others' alerts rank below unseen ones; one's own keep their rank."""

LEAST_RISK = 0.05
"""Minimum weight of the risk, so that no alert weighs nothing."""

PATIENCE: Mapping[Severity, timedelta] = {
    "low": timedelta(days=2),
    "medium": timedelta(hours=8),
    "high": timedelta(hours=1),
    "critical": timedelta(minutes=15),
}
"""Time that an alert may wait without an SLA."""


def urgency(item: InboxItem, now: datetime, value: float = 1.0, user: str = "") -> float:
    """Return how urgent an item is to a user: severity x risk x value x stage x waiting time.

    Waiting time counts relative to the running SLA: twice at its end, three times after three times
    as long. So waiting alerts rise, and a new critical one still precedes old minor ones.
    """
    alert = item.alert
    waited = max(0.0, (now - alert.opened_at).total_seconds())
    waiting = 1.0 + math.log2(1.0 + waited / _patience(item).total_seconds())
    risk = max(LEAST_RISK, item.risk)
    mine = item.owner == user and not item.ended
    stage = 1.0 if mine else STAGE.get(item.stage, 1.0)
    return SEVERITY[known_severity(item.severity)] * risk * value * stage * waiting


def _patience(item: InboxItem) -> timedelta:
    due = item.due
    allowed = due[1] - item.alert.opened_at if due else timedelta(0)
    return allowed if allowed > timedelta(0) else PATIENCE[known_severity(item.severity)]


def ranked(
    items: Iterable[InboxItem], now: datetime, values: Mapping[str, float], user: str = ""
) -> list[InboxItem]:
    """Return the items: customers in danger, then most urgent for a user first, then ended ones.

    Ended ones are in the order of their end, newest first. `values` weighs customers by segment;
    other segments weigh 1.
    """

    def key(item: InboxItem) -> tuple[int, float, float, str]:
        alert = item.alert
        worth = values.get(alert.segment or "", 1.0)
        if item.ended:
            return 2, -item.case.updated_at.timestamp(), 0.0, item.id
        lane = 0 if item.in_danger else 1
        return lane, -urgency(item, now, worth, user), alert.opened_at.timestamp(), item.id

    return sorted(items, key=key)
