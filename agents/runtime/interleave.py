"""Reads topics with the same customers side by side, roughly in the order of arrival.

A customer's messages are in partitions of the same number, whatever the topic. Of a backlog one
topic could be read far ahead of another: `detect` would work out many a history anew, and send
alerts only to restate them. Kafka Streams, too, takes the oldest of a task's partitions first.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from faust.types import TP

MOST_AHEAD = 50
"""Messages that one topic may be read ahead of another."""
PATIENCE = 1.0
"""Seconds for which a partition is waited for that has messages, and gives none."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class Interleaver:
    """Decides whose turn it is, by how far each partition was read in the broker's time."""

    def __init__(self) -> None:
        self._read_up_to: dict[TP, datetime] = {}
        self._gave: dict[TP, float] = {}

    def read(self, tp: TP, up_to: datetime) -> None:
        """Note when the last message that was read of a partition came."""
        self._read_up_to[tp] = up_to

    def turn(
        self, active: set[TP], fetched: Collection[TP], unread: Collection[TP], now: float
    ) -> set[TP]:
        """Return the partitions of `active` beside which no older messages wait, at `now`.

        Messages wait where some are `fetched`, and for a while where there are `unread` ones.
        """
        waiting: set[TP] = set()
        for tp in active:
            if tp in fetched or tp not in unread:
                self._gave[tp] = now
            if tp in fetched or (tp in unread and now - self._gave.setdefault(tp, now) < PATIENCE):
                waiting.add(tp)
        oldest: dict[int, datetime] = {}
        for tp in waiting:
            oldest[tp.partition] = min(self._time(tp), oldest.get(tp.partition, self._time(tp)))
        return {
            tp
            for tp in active
            if tp.partition not in oldest or self._time(tp) <= oldest[tp.partition]
        }

    def _time(self, tp: TP) -> datetime:
        return self._read_up_to.get(tp, _NEVER)
