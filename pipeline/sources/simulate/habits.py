"""Customers with a habit of their own, by the calendar, which some of them change.

A change needs weeks to be seen against, so in a short span all of them only keep their habit.
"""

from collections.abc import Callable
from datetime import datetime, time
from operator import attrgetter
from random import Random
from zoneinfo import ZoneInfo

from pipeline.model.event import Event
from pipeline.sources.simulate.company import company
from pipeline.sources.simulate.journey import CONTENT, Journey
from pipeline.sources.simulate.leaving import leaves_with_signs, leaves_without_sign, stays
from pipeline.sources.simulate.plan import Plan
from pipeline.sources.simulate.rhythms import (
    DAY,
    Days,
    orders_lapsed,
    orders_steady,
    usage_bursting,
    usage_fading,
    usage_growing,
    usage_quiet,
    usage_steady,
    visits_lapsed,
    visits_steady,
)
from pipeline.sources.simulate.truth import Truth

_READ_AT = time(23, 50)


def habits(plan: Plan, name: str, truths: list[Truth]) -> list[Event]:
    """Return the events of customers with habits, in order, and add what is true."""
    days = _evenings(plan)
    events: list[Event] = []
    for number, (kind, customer) in enumerate(plan.habitual):
        id_ = f"{name}-h{number}"
        journey = Journey(id_, customer, "kullanım", plan.start, CONTENT, 1.0, Random(id_))
        HABITS[kind](journey, days)
        events += (one for one in journey.events if plan.start <= one.occurred_at < plan.end)
        truths += journey.truths()
    return sorted(events, key=attrgetter("occurred_at"))


def _evenings(plan: Plan) -> Days:
    zone = ZoneInfo(company().zone)
    first, last = (at.astimezone(zone).date() for at in (plan.start, plan.end))
    evenings = (
        datetime.combine(first + DAY * n, _READ_AT, zone).astimezone(plan.start.tzinfo)
        for n in range((last - first).days + 1)
    )
    return tuple(at for at in evenings if plan.start <= at < plan.end)


HABITS: dict[str, Callable[[Journey, Days], None]] = {
    function.__name__: function
    for function in (
        usage_steady,
        usage_growing,
        usage_bursting,
        usage_fading,
        usage_quiet,
        visits_steady,
        visits_lapsed,
        orders_steady,
        orders_lapsed,
        leaves_with_signs,
        leaves_without_sign,
        stays,
    )
}
"""Habits by their name in `company.yaml`."""
