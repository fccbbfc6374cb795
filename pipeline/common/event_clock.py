"""The event clock, by which deadlines run."""

from datetime import datetime, timedelta


class EventClock:
    """Lags behind the wall clock by the smallest delay of any event after its event time.

    So deadlines end on time for live events, and a replayed day runs in the time of that day.
    """

    def __init__(self) -> None:
        self.lag: timedelta | None = None

    def observe(self, lag: timedelta) -> None:
        """Record the delay of an event after its event time."""
        lag = max(lag, timedelta(0))
        self.lag = lag if self.lag is None else min(lag, self.lag)

    def at(self, now: datetime) -> datetime | None:
        """Return the event time at wall time `now`; None before the first event."""
        return None if self.lag is None else now - self.lag
