"""Plays the deliveries of a case over time."""

from datetime import datetime, timedelta

from pipeline.notify.case import Change, NotificationState, fold
from pipeline.notify.due import Delivery, deliveries, with_failure, with_receipt
from pipeline.notify.routes import RoutingTable

ALL = ("am", "chat", "mail", "duty", "billing")
MINUTE = timedelta(minutes=1)


class Play:
    """A customer's state over time; due messages are sent at once, or fail on `down` channels."""

    def __init__(self, ours: RoutingTable, channels: tuple[str, ...] = ALL) -> None:
        self.desk, self.channels = ours, channels
        self.customer = NotificationState()
        self.sent: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.digests: list[Delivery] = []
        self.down: set[str] = set()
        self.refusing: set[str] = set()
        self.refused = 0

    def __call__(self, now: datetime, *changes: Change) -> list[tuple[str, str]]:
        """Fold changes and send due messages at `now`; return (channel, kind) of those sent."""
        self.customer = fold(self.customer, changes, self.desk, now)
        before = len(self.sent)
        while self._send_one(now):
            pass
        return self.sent[before:]

    def _send_one(self, now: datetime) -> bool:
        for case in self.customer.cases:
            for delivery in deliveries(case, self.desk, self.channels):
                if delivery.at > now:
                    continue
                if delivery.channel in self.down | self.refusing:
                    refused = delivery.channel in self.refusing
                    after = with_failure(case, delivery.channel, case, now, refused=refused)
                    self.customer = self.customer.having(after)
                    self.refused += refused
                    return True
                self.customer = self.customer.having(with_receipt(case, delivery, case, now))
                self.sent.append((delivery.channel, delivery.kind))
                self.ids.append(delivery.id)
                self.digests += [delivery] if delivery.digest else []
                return True
        return False
