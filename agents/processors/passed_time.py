"""How far time has passed in the events of each partition."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from agents.runtime.messages import Message
from pipeline.common.epoch_micros import to_micros
from pipeline.common.event_clock import EventClock
from pipeline.detection.fold import BEGINNING
from pipeline.model.reading import Scored

HasReadAll = Callable[[int, Mapping[tuple[str, int], int]], bool]
"""Returns whether all of a partition was read, given up to where it was handled since the start."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NONE, _MICROSECOND = timedelta(0), timedelta(microseconds=1)


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
        return (self._clock.lag or _NONE) // _MICROSECOND

    def remember(self, lag: int) -> None:
        """Note the lag of an earlier worker's clock, in microseconds."""
        self._clock.observe(timedelta(microseconds=lag))

    def observe(self, came: Sequence[tuple[Message, Scored]]) -> None:
        """Note events that are handled."""
        for message, scored in came:
            partition, received_at = message.partition, scored.received_at
            place = (message.topic, partition)
            if message.offset >= self._handled.get(place, 0):
                self._handled[place] = message.offset + 1
            if received_at > self._received.get(partition, _LONG_AGO):
                self._received[partition] = received_at
        if came:
            delays = [scored.received_at - scored.event.occurred_at for _, scored in came]
            self._clock.observe(min(delays))

    def passed(self, partition: int) -> int:
        """Return the event time up to which time has passed; BEGINNING if that is unknown yet."""
        has_read_all = self._has_read_all(partition, self._handled)
        now = self._wall() if has_read_all else self._received.get(partition)
        return to_micros(self._clock.at(now) or now) if now else BEGINNING
