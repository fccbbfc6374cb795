"""Merges the journeys of many customers into one stream in event time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush, merge
from itertools import count
from operator import attrgetter
from random import Random

import msgspec

from pipeline.model.event import Event
from pipeline.sources.simulate.asides import asides
from pipeline.sources.simulate.company import Kind, company, pick
from pipeline.sources.simulate.habits import habits
from pipeline.sources.simulate.journey import CONTENT, Journey
from pipeline.sources.simulate.journeys import JOURNEYS, outage
from pipeline.sources.simulate.orders import order
from pipeline.sources.simulate.plan import (
    WEEK,
    Incident,
    Plan,
    SimulatedCustomer,
    plan,
    to_milliseconds,
)
from pipeline.sources.simulate.stories import stories
from pipeline.sources.simulate.truth import Truth

_WEEKS = 520
"""Weeks of the calendar that `live` repeats."""

_STRUCK: dict[Kind, tuple[str, float]] = {
    "outage": ("outage", 0.02),
    "late_delivery": ("order", 0.4),
}
"""The journey that an incident causes, and the first share of it in which it starts."""


@dataclass(frozen=True)
class _Departure:
    """A journey about to start, possibly caused by an incident."""

    at: datetime
    customer: SimulatedCustomer
    kind: str
    incident: Incident | None = None


def simulate(
    seed: int, start: datetime, customers: int = 2_000, days: float = 7.0
) -> Iterator[Event]:
    """Yield the events from `start` (aware) for `days`, lazily and in event time.

    The same arguments give the same events.
    """
    return _span(seed, start, customers, days, truths=[])


def simulate_with_truth(
    seed: int, start: datetime, customers: int = 2_000, days: float = 7.0
) -> tuple[list[Event], list[Truth]]:
    """Return the events of `simulate`, and what can be known of them before they end, in order."""
    truths: list[Truth] = []
    events = list(_span(seed, start, customers, days, truths))
    end = start + timedelta(days=days)
    known = (truth for truth in truths if truth.at < end)
    return events, sorted(known, key=attrgetter("at", "customer_id", "kind"))


def _span(
    seed: int, start: datetime, customers: int, days: float, truths: list[Truth]
) -> Iterator[Event]:
    name, planned = f"{seed}-{int(start.timestamp()):x}", plan(seed, start, customers, days)
    everything = _happenings(planned, name, truths), habits(planned, name, truths)
    return merge(*everything, key=attrgetter("occurred_at"))


def live(
    seed: int, start: datetime, rate: float, customers: int = 2_000
) -> Iterator[tuple[datetime, Event]]:
    """Yield simulated weeks without end, at `rate` events a second.

    Each event comes with the time at which it is due, which is its `occurred_at`: the first soon
    after `start`, the next about 1/`rate` seconds later. Whoever consumes it does the waiting.
    It plays faster than the calendar, so nobody has habits.
    """
    rng = Random(f"{seed} live {start.isoformat()}")
    due = start
    for week in count():
        name = f"{seed}-{int(start.timestamp()):x}-{week}"
        planned = plan(seed, start + week % _WEEKS * WEEK, customers)
        for event in _happenings(planned, name, truths=[]):
            due += timedelta(seconds=rng.expovariate(rate))
            yield due, _moved(event, due)


def _moved(event: Event, at: datetime) -> Event:
    """Return the event at another time, with what it promises as far off as before."""
    attributes = event.attributes
    if isinstance(promised := attributes.get("promised_at"), str):
        later = datetime.fromisoformat(promised) + (at - event.occurred_at)
        attributes = attributes | {"promised_at": later.isoformat()}
    return msgspec.structs.replace(event, occurred_at=at, attributes=attributes)


def _happenings(planned: Plan, name: str, truths: list[Truth]) -> Iterator[Event]:
    """Yield all events but those of habits in order, and add what is true."""
    return merge(
        _events(Random(name), planned, name, truths),
        asides(planned, name, truths),
        stories(planned, name, truths),
        key=attrgetter("occurred_at"),
    )


def _events(rng: Random, planned: Plan, name: str, truths: list[Truth]) -> Iterator[Event]:
    """Play a plan; `name` prefixes every id, so that spans do not share ids.

    A journey's events are written when it starts and wait until nothing earlier can come.
    """
    joys: dict[str, float] = {}
    waiting: list[tuple[datetime, int, Event]] = []
    tie = count()
    departures = merge(_everyday(rng, planned), _struck(rng, planned), key=attrgetter("at"))
    for number, departure in enumerate(departures):
        while waiting and waiting[0][0] <= departure.at:
            yield heappop(waiting)[2]
        customer = departure.customer
        joy = joys.get(customer.id, CONTENT)
        touchpoint = company().touchpoints[departure.kind]
        journey = Journey(
            f"{name}-{number}", customer, touchpoint, departure.at, joy, planned.pace, rng
        )
        _play(journey, departure)
        joys[customer.id] = 0.5 * journey.joy + 0.5 * min(joy + 0.1, CONTENT)
        truths += journey.truths()
        for event in journey.events:
            heappush(waiting, (event.occurred_at, next(tie), event))
    while waiting and waiting[0][0] < planned.end:
        yield heappop(waiting)[2]


def _play(journey: Journey, departure: _Departure) -> None:
    incident = departure.incident
    if incident is None:
        JOURNEYS[departure.kind](journey)
    elif incident.kind == "outage":
        outage(journey, incident)
    else:
        order(journey, held_until=incident.end)


def _everyday(rng: Random, planned: Plan) -> Iterator[_Departure]:
    """Yield journeys from a thinned Poisson process, more by day than by night."""
    hours = company().hours
    weeks = (planned.end - planned.start) / WEEK / planned.pace
    expected = len(planned.customers) * company().journeys_per_week * weeks
    average = sum(hours) / len(hours)
    peak = expected * max(hours) / average / (planned.end - planned.start).total_seconds()
    at = planned.start
    while (at := at + timedelta(seconds=rng.expovariate(peak))) < planned.end:
        hour = (planned.start + (at - planned.start) / planned.pace).hour
        if rng.random() * max(hours) < hours[hour]:
            customer = rng.choice(planned.customers)
            yield _Departure(to_milliseconds(at), customer, pick(rng, customer.brand.journeys))


def _struck(rng: Random, planned: Plan) -> list[_Departure]:
    """Return the journeys caused by incidents."""
    who = {customer.id: customer for customer in planned.customers}
    departures = []
    for incident in planned.incidents:
        kind, within = _STRUCK[incident.kind]
        first = (incident.end - incident.start) * within
        for customer_id in incident.customer_ids:
            at = to_milliseconds(incident.start + first * rng.random())
            departures.append(_Departure(at, who[customer_id], kind, incident))
    return sorted(departures, key=attrgetter("at"))
