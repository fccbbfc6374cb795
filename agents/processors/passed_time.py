"""How far time has passed in the events of each partition."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from agents.runtime.messages import Message
from pipeline.common.epoch_micros import to_micros
from pipeline.common.event_clock import EventClock
from pipeline.model.reading import Scored

HasReadAll = Callable[[int, Mapping[tuple[str, int], int]], bool]
"""Returns whether all of a partition was read, given up to where it was handled since the start."""


class PassedTime:
    """Knows up to which event time all events of a partition have been seen.

    Where every message was read, that is the event clock; with messages unread, it is the clock as
    it was when the last one read was received. So nothing counts as missing whose event lies unread
    in a backlog, and a replayed month is judged in the time of that month.
    """

    def __init__(self, wall: Callable[[], datetime], has_read_all: HasReadAll) -> None:
        self._wall, self._has_read_all = wall, has_read_all
        self._handled: dict[tuple[str, int], int] = {}
        self._clock = EventClock()
        self._received: dict[int, datetime] = {}

    @property
    def is_known(self) -> bool:
        """Whether an event has told the time."""
        return self._clock.lag is not None

    @property
    def lag(self) -> int:
        """How far the event clock is behind, in microseconds; 0 if unknown."""
        return int((self._clock.lag or timedelta(0)) / timedelta(microseconds=1))

    def remember(self, lag: int) -> None:
        """Note the lag of an earlier worker's clock, in microseconds."""
        self._clock.observe(timedelta(microseconds=lag))

    def observe(self, message: Message, scored: Scored) -> None:
        """Note an event that is handled."""
        partition, place = message.partition, (message.topic, message.partition)
        self._handled[place] = max(self._handled.get(place, 0), message.offset + 1)
        self._clock.observe(scored.received_at - scored.event.occurred_at)
        last = self._received.get(partition, scored.received_at)
        self._received[partition] = max(last, scored.received_at)

    def passed(self, partition: int) -> int | None:
        """Return the event time up to which time has passed; None if that cannot be told yet."""
        has_read_all = self._has_read_all(partition, self._handled)
        now = self._wall() if has_read_all else self._received.get(partition)
        return to_micros(self._clock.at(now) or now) if now else None
