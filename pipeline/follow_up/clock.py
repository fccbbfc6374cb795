"""The time by the events: what SLAs are counted in."""

from datetime import datetime, timedelta


class EventClock:
    """Stands as far behind the clock on the wall as events came behind their time at the least.

    So SLAs end in time where events come as they happen, and a day that is replayed has the time of
    that day.
    """

    def __init__(self) -> None:
        self._lag: timedelta | None = None

    def hear(self, lag: timedelta) -> None:
        """Take note that something came so long after it had happened."""
        lag = max(lag, timedelta(0))
        self._lag = lag if self._lag is None else min(lag, self._lag)

    def at(self, now: datetime) -> datetime | None:
        """Return the time by the events when it is `now` by the wall; None before the first."""
        return None if self._lag is None else now - self._lag
