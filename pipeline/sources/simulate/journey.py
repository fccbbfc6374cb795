"""A journey of one customer under construction."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.sources.simulate.company import company
from pipeline.sources.simulate.plan import SimulatedCustomer
from pipeline.sources.simulate.writer import write

CONTENT = 0.85
"""Initial mood of a customer."""

_SECOND = timedelta(seconds=1)


class Journey:
    """A journey of one customer: a clock that only advances, and the events so far.

    `joy` runs from 0 to 1 and says how the customer feels by now; surveys ask for it.
    """

    def __init__(
        self,
        name: str,
        customer: SimulatedCustomer,
        touchpoint: str,
        at: datetime,
        joy: float,
        pace: float,
        rng: Random,
    ) -> None:
        self.name = name
        self.customer = customer
        self.clock = at
        self.joy = joy
        self.rng = rng
        self.product = rng.choice(customer.brand.products)
        self.touchpoint = touchpoint
        self.order_id: str | None = None
        self.ticket_id: str | None = None
        self.ticket_channel = ""
        self.events: list[Event] = []
        self._pace = pace

    def wait(self, hours: float) -> None:
        """Advance the clock by about so many hours."""
        drawn = timedelta(hours=hours * self.rng.uniform(0.4, 1.6) * self._pace)
        self.clock += max(_SECOND, timedelta(seconds=round(drawn.total_seconds(), 3)))

    def later(self, hours: float, after: datetime | None = None) -> datetime:
        """Return the time so many hours from now, or from the later of now and `after`."""
        return max(self.clock, after or self.clock) + timedelta(hours=hours) * self._pace

    def log(self, kind: EventType, channel: str, source: str, **more: Any) -> None:
        """Add an event that happens now."""
        self.events.append(
            Event(
                event_id=f"{self.name}-{len(self.events)}",
                occurred_at=self.clock,
                customer_id=self.customer.id,
                channel=channel,
                type=kind,
                product=self.product,
                segment=self.customer.segment,
                brand=self.customer.brand.name,
                touchpoint=self.touchpoint,
                ticket_id=self.ticket_id,
                order_id=self.order_id,
                source=source,
                **more,
            )
        )

    def chance(self, name: str) -> bool:
        """Draw a chance named in `company.yaml`."""
        return bool(self.rng.random() < getattr(company().chances, name))

    def feel(self, change: float) -> None:
        """Move `joy`; a bad temper makes bad news worse."""
        weight = 0.7 + 0.6 * self.customer.temper if change < 0 else 1.0
        self.joy = min(1.0, max(0.0, self.joy + change * weight))

    def mood(self) -> str:
        """Return the mood in which a customer with a problem writes."""
        if self.joy > 0.62:
            return "neutral"
        return "negative" if self.joy > 0.28 else "furious"

    def text(self, theme: str, mood: str, *, leaves: bool = False) -> str:
        """Return a text about `theme`."""
        return write(
            self.rng,
            self.customer,
            theme,
            mood,
            product=self.product,
            order=self.order_id or "",
            leaves=leaves,
        )
