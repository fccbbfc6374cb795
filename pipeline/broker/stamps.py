"""Derives when the broker received a record from its timestamp."""

from datetime import UTC, datetime, timedelta
from typing import Final

LONGEST_KEPT: Final = timedelta(days=365)
"""Longest retention of any topic: an older timestamp is not credible."""
CLOCKS_APART: Final = timedelta(hours=1)
"""How far the broker's clock may be ahead of ours."""

_OLDEST: Final = LONGEST_KEPT.total_seconds()
_AHEAD: Final = CLOCKS_APART.total_seconds()

BY_BROKER: Final = 1
"""Timestamp type LogAppendTime: set by the broker on arrival."""


def received_at(stamp: int, kind: int | None, now: datetime) -> datetime:
    """Return when the broker received a record, given the time `now` (aware) of reading.

    `stamp` is in milliseconds since 1970, of the timestamp type `kind`. Kafka passes on whatever a
    producer stamps: -1 for none, seconds, a wrong clock, a number that no calendar has. A stamp
    that cannot be true is as none: the record counts as received now.
    """
    age = now.timestamp() - stamp / 1_000
    if (-_AHEAD if kind == BY_BROKER else 0.0) <= age <= _OLDEST:
        return datetime.fromtimestamp(stamp / 1_000, UTC)
    return now
