"""When a record reached the broker, as well as its timestamp tells."""

from datetime import UTC, datetime, timedelta
from typing import Final

LONGEST_KEPT: Final = timedelta(days=365)
"""No topic of the chain keeps a record for longer: an older stamp was never true."""
CLOCKS_APART: Final = timedelta(hours=1)
"""How far the broker's clock may be ahead of ours and still be believed."""

BY_BROKER: Final = 1
"""The timestamp type LogAppendTime: the broker stamped the record as it came."""


def received_at(stamp: int, kind: int | None, now: datetime) -> datetime:
    """Return when the broker received a record that is read at `now` (aware).

    `stamp` is in milliseconds since 1970, of the timestamp type `kind`. Kafka passes on whatever a
    producer stamps: -1 for none, seconds, a wrong clock, a number that no calendar has. A stamp
    that cannot be true is as none: the record counts as received now.
    """
    age = now.timestamp() - stamp / 1_000
    youngest = -CLOCKS_APART.total_seconds() if kind == BY_BROKER else 0.0
    if youngest <= age <= LONGEST_KEPT.total_seconds():
        return datetime.fromtimestamp(stamp / 1_000, UTC)
    return now
