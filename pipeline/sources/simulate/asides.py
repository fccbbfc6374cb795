"""What happens beside the journeys: events that are no part of another story."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import attrgetter
from random import Random

from pipeline.model.event import Event
from pipeline.model.event_types import GROUPS
from pipeline.sources.simulate.company import Aside, company
from pipeline.sources.simulate.journey import CONTENT, Journey
from pipeline.sources.simulate.plan import WEEK, Plan, SimulatedCustomer, to_milliseconds
from pipeline.sources.simulate.truth import Truth

_RECENT = timedelta(days=7)
"""How long an alert helps with what an aside says."""
_BEFORE = timedelta(days=14)
"""How long before they leave customers without a sign may be found by luck."""


def asides(plan: Plan, name: str, truths: list[Truth]) -> list[Event]:
    """Return the events of all asides, in order, and add what is true; `name` prefixes every id.

    Each aside draws from random numbers of its own, so one that is added changes no other.
    """
    events: list[Event] = []
    for aside in company().asides:
        rng = Random(f"{name} {aside}")
        for customer, at in scattered(rng, plan, aside.weekly):
            number = f"{name}-a{len(events)}"
            journey = Journey(number, customer, aside.touchpoint, at, CONTENT, plan.pace, rng)
            _play(journey, aside)
            events += (event for event in journey.events if event.occurred_at < plan.end)
            truths += journey.truths()
    return sorted(events, key=attrgetter("occurred_at"))


def scattered(
    rng: Random, plan: Plan, weekly: float
) -> Iterator[tuple[SimulatedCustomer, datetime]]:
    """Yield customers and times at which something starts that is `weekly` likely for each."""
    span = plan.end - plan.start
    customer_weeks = len(plan.customers) * span / WEEK / plan.pace
    for _ in range(int(weekly * customer_weeks + rng.random())):
        yield rng.choice(plan.customers), to_milliseconds(plan.start + span * rng.random())


def _play(j: Journey, aside: Aside) -> None:
    if any(type_.startswith("order.") for type_ in aside.events):
        j.order_id = f"S{j.name}"
    if any(type_ in GROUPS["ticket"] for type_ in aside.events):
        j.ticket_id = f"T{j.name}"
    if aside.truth:
        j.ledger.note(aside.truth, "alert", j.clock, j.clock + _RECENT)
    if aside.truth == "left":
        j.ledger.note("leaves_without_sign", "either", j.clock - _BEFORE, j.clock)
    for type_ in aside.events:
        j.log(
            *(type_, aside.channel, aside.source),
            author_type=aside.author_type,
            attributes=aside.attributes,
        )
        j.wait(6)
