"""Plays the deliveries of a case over time."""

from datetime import datetime, timedelta

from pipeline.follow_up.case import Case
from pipeline.follow_up.value import FollowUp
from pipeline.model.alert import Alert
from pipeline.notify.due import Delivery, deliveries, with_failure, with_receipt
from pipeline.notify.fold import fold
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import NotificationState
from tests.support.notify_cases import Published

ALL = ("am", "chat", "mail", "duty", "billing")
MINUTE = timedelta(minutes=1)


class Play:
    """A customer's state over time; due messages are sent at once, or fail on `down` channels."""

    def __init__(self, ours: RoutingTable, channels: tuple[str, ...] = ALL) -> None:
        self.desk, self.channels = ours, channels
        self.customer = NotificationState()
        self._published = Published()
        self.sent: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.digests: list[Delivery] = []
        self.down: set[str] = set()
        self.refusing: set[str] = set()
        self.refused = 0

    def __call__(self, now: datetime, *changes: Alert | FollowUp | Case) -> list[tuple[str, str]]:
        """Fold changes and send due messages at `now`; return (channel, kind) of those sent.

        Where they hold no case, each alert is a case of its own.
        """
        given = [one for one in changes if not isinstance(one, FollowUp)]
        if not any(isinstance(one, Case) for one in changes):
            given = [*self._published(*(one for one in changes if not isinstance(one, Case)))]
        self.customer = fold(self.customer, given, self.desk, now)
        before = len(self.sent)
        while self._send_one(now):
            pass
        return self.sent[before:]

    def _send_one(self, now: datetime) -> bool:
        for thread in self.customer.threads:
            for delivery in deliveries(thread, self.desk, self.channels):
                if delivery.at > now:
                    continue
                if delivery.channel in self.down | self.refusing:
                    refused = delivery.channel in self.refusing
                    after = with_failure(thread, delivery.channel, thread, now, refused=refused)
                    self.customer = self.customer.having(after)
                    self.refused += refused
                    return True
                self.customer = self.customer.having(with_receipt(thread, delivery, thread, now))
                self.sent.append((delivery.channel, delivery.kind))
                self.ids.append(delivery.id)
                self.digests += [delivery] if delivery.digest else []
                return True
        return False
