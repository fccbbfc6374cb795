"""Reads topics with the same customers side by side, roughly in the order of arrival.

A customer's messages are in partitions of the same number in every topic. In a backlog one topic
could be read far ahead of another: `detect` would recompute many histories, and send alerts only to
revise them. Kafka Streams, too, takes the oldest of a task's partitions first.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from faust.types import TP

MOST_AHEAD = 50
"""Most messages that one topic may be read ahead of another."""
PATIENCE = 1.0
"""Seconds to wait for a partition that has messages but delivers none."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class Interleaver:
    """Chooses the next partitions by the broker's time of the last message read from each."""

    def __init__(self) -> None:
        self._read_up_to: dict[TP, datetime] = {}
        self._gave: dict[TP, float] = {}

    def read(self, tp: TP, up_to: datetime) -> None:
        """Note the broker's time of the last message read from a partition."""
        self._read_up_to[tp] = up_to

    def turn(
        self, active: set[TP], fetched: Collection[TP], unread: Collection[TP], now: float
    ) -> set[TP]:
        """Return the `active` partitions that may be read now: no older messages wait for theirs.

        Messages wait in `fetched` partitions, and for a while in `unread` ones.
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
