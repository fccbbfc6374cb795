"""What channels are told as time passes."""

from datetime import datetime, timedelta

from pipeline.notify.case import Change, NotificationState, fold
from pipeline.notify.due import Delivery, deliveries, with_failure, with_receipt
from pipeline.notify.routes import RoutingTable

ALL = ("am", "chat", "mail", "duty", "billing")
MINUTE = timedelta(minutes=1)


class Play:
    """A customer's state over time; what is due is sent at once, or fails on `down` channels."""

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
        """Fold changes and send what is due at `now`; return (channel, kind) of what was sent."""
        self.customer = fold(self.customer, changes, self.desk, now)
        before = len(self.sent)
        while self._send_one(now):
            pass
        return self.sent[before:]

    def _send_one(self, now: datetime) -> bool:
        for case in self.customer.cases:
            for one in deliveries(case, self.desk, self.channels):
                if one.at > now:
                    continue
                if one.channel in self.down | self.refusing:
                    refused = one.channel in self.refusing
                    after = with_failure(case, one.channel, case, now, refused=refused)
                    self.customer = self.customer.having(after)
                    self.refused += refused
                    return True
                self.customer = self.customer.having(with_receipt(case, one, case, now))
                self.sent.append((one.channel, one.kind))
                self.ids.append(one.id)
                self.digests += [one] if one.digest else []
                return True
        return False
