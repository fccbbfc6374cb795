"""The steps of customer journeys, and the facts derived from them."""

from datetime import datetime
from typing import NamedTuple

from pipeline.model.contact import topic_of

Slice = tuple[str, ...]
"""Channel, touchpoint, segment, brand and source."""


class Step(NamedTuple):
    """An event as a step of a journey.

    `internal` marks a note that the customer does not see, `handoff` a reply in which a bot hands
    over to an employee, `thanks` a text that only says thank you (`pipeline.model.contact`).
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
        """Return a fact about its customer, in its slice."""
        return Fact(self.customer_id, self.slice, name, minutes, running)

    @property
    def channel(self) -> str:
        """The channel of the step."""
        return self.slice[0]

    @property
    def topic(self) -> str:
        """The topic: the touchpoint."""
        return topic_of(self.slice[1])

    @property
    def brand(self) -> str:
        """The brand of the step."""
        return self.slice[3]


class Fact(NamedTuple):
    """A fact about a customer that KPIs count; `minutes` is its duration, if it has one.

    `running`: it has not ended; `minutes` is its duration so far.
    """

    customer_id: str
    slice: Slice
    name: str
    minutes: float | None = None
    running: bool = False


class Period(NamedTuple):
    """A period `[start, end)`; what begins in it is followed until `seen_until`."""

    start: datetime
    end: datetime
    seen_until: datetime

    def __contains__(self, at: object) -> bool:
        return isinstance(at, datetime) and self.start <= at < self.end
