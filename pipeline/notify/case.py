"""What `notify` knows of an alert: how it is, and what each channel was told of it.

The messages that are due follow from this state (`pipeline/notify/due.py`), so that a worker which
is killed at any point goes on where it was, and changes that come fast become one message.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from pipeline.follow_up.value import FollowUp, end_of
from pipeline.model.alert import Alert
from pipeline.notify.routes import Chain, RoutingTable

Kind = Literal["opened", "updated", "acknowledged", "escalated", "resolved", "withdrawn"]
Change = Alert | FollowUp

KEPT_EVIDENCE = 2
"""Quotes of an alert that a message shows; more would only make the state larger."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""Until a channel that failed is tried again; doubled with each failure."""


class DeliveryReceipt(msgspec.Struct, frozen=True):
    """What a channel has confirmed last of an alert, the `count`-th message."""

    channel: str
    kind: str
    at: datetime
    said: str
    severity: str
    escalation: int
    acknowledged: bool
    count: int

    @property
    def ended(self) -> bool:
        """Whether that was the last message of the alert, unless it is opened again."""
        return self.kind in ("resolved", "withdrawn")


class Failure(msgspec.Struct, frozen=True):
    """A channel did not take a message of this alert, when last, and how often in a row.

    `refused` of these times it answered that it takes no message like this one, which said `said`.
    """

    channel: str
    at: datetime
    times: int
    refused: int = 0
    said: str = ""

    def refusals(self, said: str) -> int:
        """Return how often a message that says this was refused."""
        return self.refused if self.said == said else 0

    @property
    def again_at(self) -> datetime:
        """When to try again."""
        doubled: timedelta = FIRST_PAUSE * 2 ** min(self.times - 1, 10)
        return self.at + min(doubled, LONGEST_PAUSE)


class Case(msgspec.Struct, frozen=True):
    """An alert and its follow-up as they came last, in whatever order.

    `seen_at` is when the last change came, by the clock; `routed` the severity it was routed by.
    """

    alert_id: str
    seen_at: datetime
    alert: Alert | None = None
    follow_up: FollowUp | None = None
    routed: str | None = None
    chains: tuple[Chain, ...] = ()
    told: tuple[DeliveryReceipt, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def ended(self) -> Literal["resolved", "withdrawn"] | None:
        """How it ended: by the alert or by its follow-up."""
        if self.alert and self.alert.state == "withdrawn":
            return "withdrawn"
        return "resolved" if self.end else None

    @property
    def end(self) -> str | None:
        """How it ended, as people are told here and on the board."""
        return end_of(self.alert.state if self.alert else "open", self.follow_up)

    @property
    def in_hand_without_cause(self) -> bool:
        """Whether somebody has it in hand though its cause has ended."""
        return bool(self.follow_up and self.follow_up.in_hand_without_cause)

    @property
    def escalation(self) -> int:
        """How often an SLA was missed."""
        return self.follow_up.escalation if self.follow_up else 0

    @property
    def acknowledged(self) -> bool:
        """Whether somebody has taken it on."""
        return bool(self.follow_up and self.follow_up.in_hand)

    @property
    def said(self) -> str:
        """What people would read: a change of nothing else is worth no message."""
        alert, follow_up = self.alert, self.follow_up
        quotes = [one.quote for one in alert.evidence] if alert else []
        seen = (
            (follow_up.stage, follow_up.owner, follow_up.note) if follow_up else ("open", None, "")
        )
        parts = [alert.severity if alert else "", quotes, seen, self.escalation]
        if self.in_hand_without_cause:  # not said at all where it is not so: kept states lack it
            parts.append("cause ended")
        return msgspec.json.encode(parts).decode()

    def told_to(self, channel: str) -> DeliveryReceipt | None:
        """Return what the channel knows."""
        return next((one for one in self.told if one.channel == channel), None)

    def refused_by(self, channel: str) -> int:
        """Return how often the channel has refused a message that says what people read now."""
        failure = self.failure_of(channel)
        return failure.refusals(self.said) if failure else 0

    def failure_of(self, channel: str) -> Failure | None:
        """Return the failure since the channel last took a message."""
        return next((one for one in self.failures if one.channel == channel), None)


class NotificationState(msgspec.Struct, frozen=True):
    """The cases of one customer, which share a state in the table."""

    cases: tuple[Case, ...] = ()

    def case(self, alert_id: str) -> Case | None:
        """Return the case of an alert."""
        return next((one for one in self.cases if one.alert_id == alert_id), None)

    def having(self, case: Case) -> "NotificationState":
        """Return the customer with this case in the place of the one that it follows."""
        others = tuple(one for one in self.cases if one.alert_id != case.alert_id)
        return NotificationState((*others, case))


def fold(
    customer: NotificationState, changes: Iterable[Change], desk: RoutingTable, now: datetime
) -> NotificationState:
    """Return the customer after changes of alerts and follow-ups, which may repeat or be late.

    What is first heard of when it is older than `desk.max_age` is left out, and a case that has
    ended is forgotten after that time: a repetition of it would be too old then.
    """
    for change in changes:
        alert_id = change.id if isinstance(change, Alert) else change.alert_id
        known = customer.case(alert_id)
        if known is None and now - change.updated_at > desk.max_age:
            continue
        case = known or Case(alert_id, now)
        customer = customer.having(_changed(case, change, desk, now))
    return NotificationState(tuple(one for one in customer.cases if not _is_over(one, desk, now)))


def _changed(case: Case, change: Change, desk: RoutingTable, now: datetime) -> Case:
    before = case.alert if isinstance(change, Alert) else case.follow_up
    if before is not None and before.revision >= change.revision:
        return case
    if isinstance(change, FollowUp):
        return replace(case, follow_up=change, seen_at=now)
    alert = replace(change, contributions=(), evidence=change.evidence[-KEPT_EVIDENCE:])
    known = {*case.alert.topics} if case.alert else set()
    case = replace(case, alert=alert, seen_at=now)
    if case.routed == alert.severity and known.issuperset(alert.topics):
        return case
    taken = {chain.route for chain in case.chains}
    new = tuple(one for one in desk.chains(alert, now) if one.route not in taken)
    return replace(case, routed=alert.severity, chains=(*case.chains, *new))


def _is_over(case: Case, desk: RoutingTable, now: datetime) -> bool:
    """Whether nothing more comes of it: it has ended, and each channel that was told knows."""
    if case.alert and not (case.ended and all(told.ended for told in case.told)):
        return False
    changes = [one.updated_at for one in (case.alert, case.follow_up) if one]
    return now - max([case.seen_at, *changes]) > desk.max_age
