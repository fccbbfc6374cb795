"""A journey of one customer under construction."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from pipeline.model.event import Event
from pipeline.model.event_types import EventType, Trait, types_with
from pipeline.sources.simulate.company import company
from pipeline.sources.simulate.plan import SimulatedCustomer, to_milliseconds
from pipeline.sources.simulate.truth import Ledger, Truth
from pipeline.sources.simulate.writer import write

CONTENT = 0.85
"""Initial mood of a customer."""
_UNHAPPY = 0.45
"""The mood below which a customer may leave."""
HEATED, _RESENTFUL = timedelta(days=1), timedelta(days=3)
"""How long an alert helps after a furious text, and after an unhappy journey."""

MOVES_WITHIN, STALL_GRACE = timedelta(days=5), timedelta(days=2)
"""A ticket without a step for so long stands still; how much longer that may go unnoticed."""

_SECOND = timedelta(seconds=1)
_STEPS, _CLOSES = types_with(Trait.TICKET), types_with(Trait.CLOSES)


class Journey:
    """A journey of one customer: its clock, the events so far and what is true of them.

    `joy` runs from 0 to 1 and says how the customer feels by now; surveys ask for it.
    `asked` are the times and channels of contacts since something was last solved.
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
        self.asked: list[tuple[datetime, str]] = []
        self.ledger = Ledger(customer.id)
        self._pace = pace
        self._unhappy_since: datetime | None = None

    def wait(self, hours: float) -> None:
        """Advance the clock by about so many hours."""
        drawn = timedelta(hours=hours * self.rng.uniform(0.4, 1.6) * self._pace)
        self.clock += max(_SECOND, timedelta(seconds=round(drawn.total_seconds(), 3)))

    def go_to(self, at: datetime) -> None:
        """Set the clock, back as well."""
        self.clock = to_milliseconds(at)

    def later(self, hours: float, after: datetime | None = None) -> datetime:
        """Return the time so many hours from now, or from the later of now and `after`."""
        return max(self.clock, after or self.clock) + timedelta(hours=hours) * self._pace

    def log(self, kind: EventType, channel: str, source: str, **more: Any) -> None:
        """Add an event that happens now; after a step of an open ticket the next one is due."""
        if self.ticket_id and kind in _STEPS:
            self.ledger.keep(self.clock, "progress")
            if kind not in _CLOSES:
                due = self.clock + MOVES_WITHIN
                self.ledger.promise("progress", self.clock, due, STALL_GRACE)
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
        if self.joy < _UNHAPPY and self._unhappy_since is None:
            self._unhappy_since = self.clock

    def mood(self) -> str:
        """Return the mood in which a customer with a problem writes."""
        if self.joy > 0.62:
            return "neutral"
        return "negative" if self.joy > 0.28 else "furious"

    def text(self, theme: str, mood: str, *, leaves: bool = False) -> str:
        """Return a text about `theme`."""
        if mood == "furious":
            self.ledger.note("fury", "alert", self.clock, self.clock + HEATED)
        if leaves:
            self.ledger.note("threat_to_leave", "alert", self.clock, self.clock + HEATED)
        return write(
            self.rng,
            self.customer,
            theme,
            mood,
            product=self.product,
            order=self.order_id or "",
            leaves=leaves,
        )

    def truths(self) -> list[Truth]:
        """Return what is true of the journey, once it is written."""
        if self._unhappy_since:
            until = self.clock + _RESENTFUL
            self.ledger.note("unhappy", "alert", self._unhappy_since, until)
        return self.ledger.truths()
