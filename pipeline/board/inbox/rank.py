"""In which order alerts are to be seen to."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pipeline.board.inbox.item import InboxItem
from pipeline.model.alert import Severity, known_severity

SEVERITY: Mapping[Severity, float] = {"low": 1.0, "medium": 2.0, "high": 4.0, "critical": 8.0}
"""Each step counts twice the one below."""

STAGE: Mapping[str, float] = {
    "open": 1.0,
    "acknowledged": 0.5,
    "contacted": 0.25,
    "resolved": 0.0,
    "expired": 0.0,
}
"""What somebody else sees to can wait for what nobody has seen; one's own stays where it is."""

LEAST_RISK = 0.05
"""Nothing weighs nothing, however small the risk."""

PATIENCE: Mapping[Severity, timedelta] = {
    "low": timedelta(days=2),
    "medium": timedelta(hours=8),
    "high": timedelta(hours=1),
    "critical": timedelta(minutes=15),
}
"""How long a matter may wait where no SLA says so."""


def urgency(item: InboxItem, now: datetime, value: float = 1.0, user: str = "") -> float:
    """Return how urgent an item is to a user: severity x risk x value x stage x waiting time.

    Waiting counts against the SLA that runs: twice when it ends, three times after three times as
    long. So what waits rises, and a new critical matter still comes before old small ones.
    """
    alert = item.alert
    waited = max(0.0, (now - alert.opened_at).total_seconds())
    waiting = 1.0 + math.log2(1.0 + waited / _patience(item).total_seconds())
    risk = max(LEAST_RISK, alert.risk)
    mine = item.owner == user and not item.ended
    stage = 1.0 if mine else STAGE.get(item.stage, 1.0)
    return SEVERITY[known_severity(alert.severity)] * risk * value * stage * waiting


def _patience(item: InboxItem) -> timedelta:
    due = item.due
    given = due[1] - item.alert.opened_at if due else timedelta(0)
    return given if given > timedelta(0) else PATIENCE[known_severity(item.alert.severity)]


def ranked(
    items: Iterable[InboxItem], now: datetime, values: Mapping[str, float], user: str = ""
) -> list[InboxItem]:
    """Return the items, the most urgent to a user first; what has ended last, the newest first.

    `values` says by segment how much a customer counts, 1 where it says nothing.
    """

    def key(item: InboxItem) -> tuple[float, float, str]:
        alert = item.alert
        worth = values.get(alert.segment or "", 1.0)
        if item.ended:
            changed = item.follow_up.updated_at if item.follow_up else alert.updated_at
            return 1.0, -changed.timestamp(), alert.id
        return -urgency(item, now, worth, user), alert.opened_at.timestamp(), alert.id

    return sorted(items, key=key)
