"""The state of `notify` per case: its alerts, and the last message that each channel confirmed.

Due messages are derived from this state (`pipeline/notify/due.py`), so that a worker that is killed
at any point resumes where it was, and rapid changes become one message.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from pipeline.follow_up.case import Case
from pipeline.model.alert import Alert
from pipeline.notify.routes import Chain

Kind = Literal["opened", "updated", "acknowledged", "escalated", "resolved", "withdrawn"]
Change = Alert | Case

KEPT_EVIDENCE = 2
"""Stored quotes of an alert: as many as a message shows."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""Pause before a failed channel is retried; doubled with each failure."""


class DeliveryReceipt(msgspec.Struct, frozen=True):
    """The last message about a case that a channel confirmed, the `count`-th.

    `said` is the fingerprint of its content (`Thread.fingerprint`), `dangers` how many dangers of
    the customer were known, and `danger_since` the newest of them.
    """

    channel: str
    kind: str
    at: datetime
    said: str
    severity: str
    escalation: int
    acknowledged: bool
    count: int
    dangers: int = 0
    danger_since: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether it was the last message of the case, unless the case is reopened."""
        return self.kind in ("resolved", "withdrawn")


class Failure(msgspec.Struct, frozen=True):
    """Failures of a channel for messages of this case: the time of the last, and `times` in a row.

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


class Thread(msgspec.Struct, frozen=True):
    """The messages about a case, with the case and its alerts, each as of its last change.

    `seen_at` is the wall time of the last change. A thread that an older version began is about
    one alert, has its id, and keeps it in `of_alert`.
    """

    id: str = msgspec.field(name="alert_id")
    seen_at: datetime
    of_alert: Alert | None = msgspec.field(default=None, name="alert")
    chains: tuple[Chain, ...] = ()
    told: tuple[DeliveryReceipt, ...] = ()
    failures: tuple[Failure, ...] = ()
    case: Case | None = None
    alerts: tuple[Alert, ...] = ()

    @property
    def alert(self) -> Alert | None:
        """The alert that messages speak of: of a danger, else of the gravest open cause."""
        known = {alert.id: alert for alert in self.alerts}
        causes = self.case.causes if self.case else ()
        gravest_first = (known[one.alert_id] for one in causes if one.alert_id in known)
        return next(iter((*self._dangers(), *gravest_first)), None)

    @property
    def dangers(self) -> int:
        """The number of dangers that the customer may be in."""
        return len(self._dangers())

    @property
    def danger_since(self) -> datetime | None:
        """When the newest of these dangers opened or came back; None without one."""
        ids = {alert.id for alert in self._dangers()}
        opened = (alert.opened_at for alert in self._dangers())
        steps = self.case.history if self.case else ()
        back = (one.at for one in steps if one.kind == "reopened" and one.alert_id in ids)
        return max((*opened, *back), default=None)

    def _dangers(self) -> tuple[Alert, ...]:
        ended = {one.alert_id for one in self.case.causes if one.ended} if self.case else set()
        return tuple(one for one in self.alerts if one.in_danger and one.id not in ended)

    @property
    def first_alert(self) -> Alert | None:
        """The first alert of the case, by which channels know the thread."""
        return min(self.alerts, key=lambda alert: (alert.opened_at, alert.id), default=None)

    @property
    def severity(self) -> str:
        """The severity of the case, or of what an older version told of."""
        if self.case:
            return self.case.severity
        return self.of_alert.severity if self.of_alert else "low"

    @property
    def absorbed(self) -> bool:
        """Whether an older version began it about one alert of a case that has its own thread."""
        return self.case is not None and self.id != self.case.case_id

    @property
    def ended(self) -> Literal["resolved", "withdrawn"] | None:
        """How the case ended, as channels tell it apart."""
        if self.case is None or not self.case.ended:
            return None
        return "withdrawn" if self.end == "withdrawn" else "resolved"

    @property
    def end(self) -> str | None:
        """How the case ended, as messages and the board show it."""
        return self.case.end if self.case else None

    @property
    def in_hand_without_cause(self) -> bool:
        """Whether the case has an owner although its causes have ended."""
        return bool(self.case and self.case.in_hand_without_cause)

    @property
    def escalation(self) -> int:
        """The number of missed SLAs."""
        return self.case.escalation if self.case else 0

    @property
    def acknowledged(self) -> bool:
        """Whether the case has an owner."""
        return bool(self.case and self.case.in_hand)

    @property
    def fingerprint(self) -> str:
        """The visible content: only its changes are worth a message."""
        case = self.case
        quotes = [proof.quote for alert in self.alerts for proof in alert.evidence]
        progress = (case.stage, case.owner, case.note) if case else ("open", None, "")
        parts = [self.severity, quotes, progress, self.escalation]
        if self.in_hand_without_cause:  # absent otherwise, as in states of older versions
            parts.append("cause ended")
        if len(self.alerts) > 1:  # the same
            parts.append(sorted(alert.id for alert in self.alerts))
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
    """The threads of a customer, which share a state in the table.

    `waiting` are alerts whose case is yet to come.
    """

    threads: tuple[Thread, ...] = msgspec.field(default=(), name="cases")
    waiting: tuple[Alert, ...] = ()

    def thread(self, id_: str) -> Thread | None:
        """Return a thread by its id."""
        return next((thread for thread in self.threads if thread.id == id_), None)

    def having(self, thread: Thread) -> "NotificationState":
        """Return the state with this thread in place of its previous version."""
        others = tuple(other for other in self.threads if other.id != thread.id)
        return replace(self, threads=(*others, thread))
