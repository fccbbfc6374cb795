"""The state of `notify` per alert: the alert, and the last message that each channel confirmed.

Due messages are derived from this state (`pipeline/notify/due.py`), so that a worker that is killed
at any point resumes where it was, and rapid changes become one message.
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
"""Stored quotes of an alert: as many as a message shows."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""Pause before a failed channel is retried; doubled with each failure."""


class DeliveryReceipt(msgspec.Struct, frozen=True):
    """The last message about an alert that a channel confirmed, the `count`-th.

    `said` is the fingerprint of its content (`Case.fingerprint`).
    """

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
        """Whether it was the last message of the alert, unless the alert is reopened."""
        return self.kind in ("resolved", "withdrawn")


class Failure(msgspec.Struct, frozen=True):
    """Failures of a channel for messages of this alert: the time of the last, and `times` in a row.

    `refused` counts the times that it rejected the message with the fingerprint `said` for good.
    """

    channel: str
    at: datetime
    times: int
    refused: int = 0
    said: str = ""

    def refusals(self, fingerprint: str) -> int:
        """Return how often the message with this fingerprint was refused."""
        return self.refused if self.said == fingerprint else 0

    @property
    def again_at(self) -> datetime:
        """The time of the next attempt."""
        doubled: timedelta = FIRST_PAUSE * 2 ** min(self.times - 1, 10)
        return self.at + min(doubled, LONGEST_PAUSE)


class Case(msgspec.Struct, frozen=True):
    """An alert and its follow-up, each as of its last change.

    `seen_at` is the wall time of the last change, `routed` the severity at the last routing.
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
        """How the alert ended, by its own state or by its follow-up."""
        if self.alert and self.alert.state == "withdrawn":
            return "withdrawn"
        return "resolved" if self.end else None

    @property
    def end(self) -> str | None:
        """How the alert ended, as messages and the board show it."""
        return end_of(self.alert.state if self.alert else "open", self.follow_up)

    @property
    def in_hand_without_cause(self) -> bool:
        """Whether the follow-up has an owner although the cause has ended."""
        return bool(self.follow_up and self.follow_up.in_hand_without_cause)

    @property
    def escalation(self) -> int:
        """The number of missed SLAs."""
        return self.follow_up.escalation if self.follow_up else 0

    @property
    def acknowledged(self) -> bool:
        """Whether the follow-up has an owner."""
        return bool(self.follow_up and self.follow_up.in_hand)

    @property
    def fingerprint(self) -> str:
        """The visible content: only its changes are worth a message."""
        alert, follow_up = self.alert, self.follow_up
        quotes = [proof.quote for proof in alert.evidence] if alert else []
        progress = (
            (follow_up.stage, follow_up.owner, follow_up.note) if follow_up else ("open", None, "")
        )
        parts = [alert.severity if alert else "", quotes, progress, self.escalation]
        if self.in_hand_without_cause:  # absent otherwise, as in states of older versions
            parts.append("cause ended")
        return msgspec.json.encode(parts).decode()

    def told_to(self, channel: str) -> DeliveryReceipt | None:
        """Return the last message that the channel confirmed."""
        return next((receipt for receipt in self.told if receipt.channel == channel), None)

    def refused_by(self, channel: str) -> int:
        """Return how often the channel has refused a message with the current content."""
        failure = self.failure_of(channel)
        return failure.refusals(self.fingerprint) if failure else 0

    def failure_of(self, channel: str) -> Failure | None:
        """Return the failures since the channel last confirmed a message."""
        return next((failure for failure in self.failures if failure.channel == channel), None)


class NotificationState(msgspec.Struct, frozen=True):
    """The cases of a customer, which share a state in the table."""

    cases: tuple[Case, ...] = ()

    def case(self, alert_id: str) -> Case | None:
        """Return the case of an alert."""
        return next((case for case in self.cases if case.alert_id == alert_id), None)

    def having(self, case: Case) -> "NotificationState":
        """Return the state with this case in place of its previous version."""
        others = tuple(other for other in self.cases if other.alert_id != case.alert_id)
        return NotificationState((*others, case))


def fold(
    customer: NotificationState, changes: Iterable[Change], routing: RoutingTable, now: datetime
) -> NotificationState:
    """Return the state after changes of alerts and follow-ups, which may repeat or be late.

    A new case is ignored if its change is older than `routing.max_age`, and an ended one is dropped
    after that time: its repetitions would be too old by then.
    """
    for change in changes:
        alert_id = change.id if isinstance(change, Alert) else change.alert_id
        before = customer.case(alert_id)
        if before is None and now - change.updated_at > routing.max_age:
            continue
        case = before or Case(alert_id, now)
        customer = customer.having(_changed(case, change, routing, now))
    return NotificationState(
        tuple(case for case in customer.cases if not _is_over(case, routing, now))
    )


def _changed(case: Case, change: Change, routing: RoutingTable, now: datetime) -> Case:
    before = case.alert if isinstance(change, Alert) else case.follow_up
    if before is not None and before.revision >= change.revision:
        return case
    if isinstance(change, FollowUp):
        return replace(case, follow_up=change, seen_at=now)
    alert = replace(change, contributions=(), evidence=change.evidence[-KEPT_EVIDENCE:])
    topics = {*case.alert.topics} if case.alert else set()
    case = replace(case, alert=alert, seen_at=now)
    if case.routed == alert.severity and topics.issuperset(alert.topics):
        return case
    routes = {chain.route for chain in case.chains}
    new = tuple(chain for chain in routing.chains(alert, now) if chain.route not in routes)
    return replace(case, routed=alert.severity, chains=(*case.chains, *new))


def _is_over(case: Case, routing: RoutingTable, now: datetime) -> bool:
    """Return whether the case can be dropped: it has ended, and all its channels were told."""
    if case.alert and not (case.ended and all(receipt.ended for receipt in case.told)):
        return False
    changes = [source.updated_at for source in (case.alert, case.follow_up) if source]
    return now - max([case.seen_at, *changes]) > routing.max_age
