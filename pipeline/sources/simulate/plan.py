"""Plans customers and incidents: the ground truth for detection."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random

from pipeline.sources.simulate.company import Brand, Kind, company, pick

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SimulatedCustomer:
    """A customer of the company; `temper` is 0 (patient) to 1."""

    id: str
    brand: Brand
    segment: str
    language: str
    city: str
    temper: float


@dataclass(frozen=True)
class Incident:
    """An incident for many customers of one brand, from `start` to `end`.

    outage: the line is dead. late_delivery: what they order is delivered after `end` only.
    """

    kind: Kind
    brand: str
    start: datetime
    end: datetime
    customer_ids: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The ground truth of a simulated span; `pace` shortens durations in under a week.

    `habitual` are customers beside the others, each with the name of a habit.
    """

    start: datetime
    end: datetime
    pace: float
    customers: tuple[SimulatedCustomer, ...]
    incidents: tuple[Incident, ...]
    habitual: tuple[tuple[str, SimulatedCustomer], ...]


def plan(seed: int, start: datetime, customers: int = 2_000, days: float = 7.0) -> Plan:
    """Return the plan that `simulate` plays with the same arguments.

    `start` is aware. A span of less than a week is a whole week, played faster.
    """
    everyone, habitual = _customers(seed, customers), _habitual(seed, customers)
    span = timedelta(days=days)
    rng = Random(f"{seed} incidents {start.isoformat()}")
    whole = Plan(start, start + span, min(1.0, span / WEEK), everyone, (), habitual)
    incidents = tuple(_incident(rng, whole, brand) for brand in company().brands)
    return replace(whole, incidents=incidents)


@cache
def _customers(seed: int, count: int) -> tuple[SimulatedCustomer, ...]:
    """Draw the customers from the seed alone, so that they recur across spans."""
    rng = Random(f"{seed} customers")
    shares = {brand.name: brand.share for brand in company().brands}
    return tuple(
        _customer(rng, f"m{seed}-{number:05}", pick(rng, shares)) for number in range(count)
    )


@cache
def _habitual(seed: int, count: int) -> tuple[tuple[str, SimulatedCustomer], ...]:
    """Draw the customers with habits, whose numbers follow on those of the others."""
    rng = Random(f"{seed} habits")
    kinds = [
        (kind, habit.brand)
        for kind, habit in company().habits.items()
        for _ in range(round(count * habit.share))
    ]
    rng.shuffle(kinds)
    return tuple(
        (kind, _customer(rng, f"m{seed}-{count + number:05}", brand))
        for number, (kind, brand) in enumerate(kinds)
    )


def _customer(rng: Random, id_: str, brand: str) -> SimulatedCustomer:
    firm = company()
    return SimulatedCustomer(
        id=id_,
        brand=next(one for one in firm.brands if one.name == brand),
        segment=pick(rng, firm.segments),
        language=pick(rng, firm.languages),
        city=rng.choice(firm.cities),
        temper=rng.betavariate(2, 3),
    )


def _incident(rng: Random, whole: Plan, brand: Brand) -> Incident:
    what = brand.incident
    start = whole.start + (whole.end - whole.start) * rng.uniform(*what.start)
    ids = [customer.id for customer in whole.customers if customer.brand == brand]
    return Incident(
        what.kind,
        brand.name,
        start,
        end=start + timedelta(hours=what.hours) * whole.pace,
        customer_ids=tuple(sorted(rng.sample(ids, round(len(ids) * what.strikes)))),
    )


def to_milliseconds(at: datetime) -> datetime:
    """Cut a time to whole milliseconds."""
    return at.replace(microsecond=at.microsecond // 1_000 * 1_000)
