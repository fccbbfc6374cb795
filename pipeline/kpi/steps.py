"""What journeys are followed by, and what is found on them."""

from datetime import datetime
from typing import NamedTuple

from pipeline.common.names import folded

Slice = tuple[str, ...]
"""Channel, touchpoint, segment, brand, source."""


class Step(NamedTuple):
    """An event as journeys see it.

    `internal` marks a note that the customer does not see, `handoff` a reply by which a bot hands
    over to a person, `thanks` a text that is only that (`pipeline.model.contact`).
    """

    at: datetime
    customer_id: str
    ticket_id: str
    type: str
    author_type: str
    internal: bool
    handoff: bool
    thanks: bool
    slice: Slice

    def fact(self, name: str, minutes: float | None = None, *, running: bool = False) -> "Fact":
        """Return what is counted of its customer, in its slice."""
        return Fact(self.customer_id, self.slice, name, minutes, running)

    @property
    def channel(self) -> str:
        """Where it happened."""
        return self.slice[0]

    @property
    def topic(self) -> str:
        """What it is about: the touchpoint, folded."""
        return folded(self.slice[1])

    @property
    def brand(self) -> str:
        """Whose customer it is."""
        return self.slice[3]


class Fact(NamedTuple):
    """Something that KPIs count of a customer; `minutes` is how long it took, if that is the point.

    `running`: it is not over, and took so long until now.
    """

    customer_id: str
    slice: Slice
    name: str
    minutes: float | None = None
    running: bool = False


class Period(NamedTuple):
    """What begins in `[start, end)` is followed until `seen_until`."""

    start: datetime
    end: datetime
    seen_until: datetime

    def __contains__(self, at: object) -> bool:
        return isinstance(at, datetime) and self.start <= at < self.end
