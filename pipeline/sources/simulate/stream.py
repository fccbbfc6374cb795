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
from pipeline.sources.simulate.journey import CONTENT, Journey
from pipeline.sources.simulate.journeys import JOURNEYS, order, outage
from pipeline.sources.simulate.plan import (
    WEEK,
    Incident,
    Plan,
    SimulatedCustomer,
    plan,
    to_milliseconds,
)

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

    The same arguments give the same events. `plan` with the same arguments gives the truth.
    """
    name = f"{seed}-{int(start.timestamp()):x}"
    return _happenings(plan(seed, start, customers, days), name)


def live(
    seed: int, start: datetime, rate: float, customers: int = 2_000
) -> Iterator[tuple[datetime, Event]]:
    """Yield simulated weeks without end, at `rate` events a second.

    Each event comes with the time at which it is due, which is its `occurred_at`: the first soon
    after `start`, the next about 1/`rate` seconds later. Whoever consumes it does the waiting.
    """
    rng = Random(f"{seed} live {start.isoformat()}")
    due = start
    for week in count():
        name = f"{seed}-{int(start.timestamp()):x}-{week}"
        truth = plan(seed, start + week % _WEEKS * WEEK, customers)
        for event in _happenings(truth, name):
            due += timedelta(seconds=rng.expovariate(rate))
            yield due, msgspec.structs.replace(event, occurred_at=due)


def _happenings(truth: Plan, name: str) -> Iterator[Event]:
    """Yield all events in order."""
    journeys = _events(Random(name), truth, name)
    return merge(journeys, asides(truth, name), key=attrgetter("occurred_at"))


def _events(rng: Random, truth: Plan, name: str) -> Iterator[Event]:
    """Play a plan; `name` prefixes every id, so that spans do not share ids.

    A journey's events are written when it starts and wait until nothing earlier can come.
    """
    joys: dict[str, float] = {}
    waiting: list[tuple[datetime, int, Event]] = []
    tie = count()
    departures = merge(_everyday(rng, truth), _struck(rng, truth), key=attrgetter("at"))
    for number, departure in enumerate(departures):
        while waiting and waiting[0][0] <= departure.at:
            yield heappop(waiting)[2]
        customer = departure.customer
        joy = joys.get(customer.id, CONTENT)
        touchpoint = company().touchpoints[departure.kind]
        journey = Journey(
            f"{name}-{number}", customer, touchpoint, departure.at, joy, truth.pace, rng
        )
        _play(journey, departure)
        joys[customer.id] = 0.5 * journey.joy + 0.5 * min(joy + 0.1, CONTENT)
        for event in journey.events:
            heappush(waiting, (event.occurred_at, next(tie), event))
    while waiting and waiting[0][0] < truth.end:
        yield heappop(waiting)[2]


def _play(journey: Journey, departure: _Departure) -> None:
    incident = departure.incident
    if incident is None:
        JOURNEYS[departure.kind](journey)
    elif incident.kind == "outage":
        outage(journey, incident)
    else:
        order(journey, held_until=incident.end)


def _everyday(rng: Random, truth: Plan) -> Iterator[_Departure]:
    """Yield journeys from a thinned Poisson process, more by day than by night."""
    hours = company().hours
    weeks = (truth.end - truth.start) / WEEK / truth.pace
    expected = len(truth.customers) * company().journeys_per_week * weeks
    average = sum(hours) / len(hours)
    peak = expected * max(hours) / average / (truth.end - truth.start).total_seconds()
    at = truth.start
    while (at := at + timedelta(seconds=rng.expovariate(peak))) < truth.end:
        hour = (truth.start + (at - truth.start) / truth.pace).hour
        if rng.random() * max(hours) < hours[hour]:
            customer = rng.choice(truth.customers)
            yield _Departure(to_milliseconds(at), customer, pick(rng, customer.brand.journeys))


def _struck(rng: Random, truth: Plan) -> list[_Departure]:
    """Return the journeys caused by incidents."""
    who = {customer.id: customer for customer in truth.customers}
    departures = []
    for incident in truth.incidents:
        kind, within = _STRUCK[incident.kind]
        first = (incident.end - incident.start) * within
        for customer_id in incident.customer_ids:
            at = to_milliseconds(incident.start + first * rng.random())
            departures.append(_Departure(at, who[customer_id], kind, incident))
    return sorted(departures, key=attrgetter("at"))
