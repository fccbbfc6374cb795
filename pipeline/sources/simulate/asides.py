"""What happens beside the journeys: events that are no part of another story."""

from operator import attrgetter
from random import Random

from pipeline.model.event import Event
from pipeline.model.event_types import GROUPS
from pipeline.sources.simulate.company import Aside, company
from pipeline.sources.simulate.journey import CONTENT, Journey
from pipeline.sources.simulate.plan import WEEK, Plan, to_milliseconds


def asides(truth: Plan, name: str) -> list[Event]:
    """Return the events of all asides, in order; `name` prefixes every id.

    Each aside draws from random numbers of its own, so one that is added changes no other.
    """
    span = truth.end - truth.start
    customer_weeks = len(truth.customers) * span / WEEK / truth.pace
    events: list[Event] = []
    for aside in company().asides:
        rng = Random(f"{name} {aside}")
        for _ in range(int(aside.weekly * customer_weeks + rng.random())):
            customer, at = rng.choice(truth.customers), truth.start + span * rng.random()
            number, at = f"{name}-a{len(events)}", to_milliseconds(at)
            journey = Journey(number, customer, aside.touchpoint, at, CONTENT, truth.pace, rng)
            _play(journey, aside)
            events += (event for event in journey.events if event.occurred_at < truth.end)
    return sorted(events, key=attrgetter("occurred_at"))


def _play(j: Journey, aside: Aside) -> None:
    if any(type_.startswith("order.") for type_ in aside.events):
        j.order_id = f"S{j.name}"
    if any(type_ in GROUPS["ticket"] for type_ in aside.events):
        j.ticket_id = f"T{j.name}"
    for type_ in aside.events:
        j.log(
            *(type_, aside.channel, aside.source),
            author_type=aside.author_type,
            attributes=aside.attributes,
        )
        j.wait(6)
