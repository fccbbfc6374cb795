"""Builds steps of journeys, and collects their facts."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from pipeline.calendar.calendar import AROUND_THE_CLOCK
from pipeline.kpi.journeys import journey_facts
from pipeline.kpi.steps import Fact, Period, Step
from pipeline.model.contact import PAUSES

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""10:00 in Istanbul, an hour after opening."""
SLICE = ("app", "fatura", "", "A", "")
BY_STAFF = ("crm", *SLICE[1:])
IN_STORE = ("Mağaza", *SLICE[1:])
NO_TOUCHPOINT = ("app", "", *SLICE[2:])


def step(hours: float, type_: str, author: str = "customer", **fields: object) -> Step:
    is_ticket = type_.startswith(("ticket.", "complaint"))
    values = {"customer_id": "c1", "ticket_id": "t1" if is_ticket else ""}
    values |= {"internal": False, "handoff": False, "thanks": False}
    at = MONDAY + timedelta(hours=hours)
    return Step(at=at, type=type_, author_type=author, **values | {"slice": SLICE} | fields)


def all_facts(*steps: Step, hours: float = 24, seen_hours: float = 24) -> list[Fact]:
    end, seen_until = (MONDAY + timedelta(hours=number) for number in (hours, seen_hours))
    period = Period(MONDAY, end, seen_until)
    return list(journey_facts(reversed(steps), period, PAUSES, AROUND_THE_CLOCK))


def facts(*steps: Step) -> dict[str, list[float | None]]:
    """Return the durations of ended facts by name, None for facts without one."""
    found: dict[str, list[float | None]] = defaultdict(list)
    for fact in all_facts(*steps):
        if not fact.running:
            found[fact.name].append(fact.minutes)
    return found
