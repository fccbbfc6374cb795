"""Derives facts of journeys from customers' steps: replies, resolutions, self-service."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from pipeline.calendar.calendar import Calendars
from pipeline.kpi.contacts import Contact, contacts_of
from pipeline.kpi.definitions import SAME_TOPIC_WAIT, SELF_SERVICE_WAIT
from pipeline.kpi.steps import Fact, Period, Step
from pipeline.kpi.tickets import (
    Ticket,
    opening_of,
    order,
    resolution_of,
    resolutions,
    tickets_of,
    waits,
    was_reopened,
)
from pipeline.model.contact import Pauses
from pipeline.model.event_types import Trait, types_with

SESSION_GAP = timedelta(minutes=30)
"""A longer pause in self-service begins a new session."""

_SELF_SERVICE = types_with(Trait.SELF_SERVICE)
_SOLVES = types_with(Trait.SOLVES)


def journey_facts(
    steps: Iterable[Step], period: Period, pauses: Pauses, calendars: Calendars
) -> Iterator[Fact]:
    """Yield the facts that began in the period; `steps` before and after it are context.

    Business time follows the calendar of the brand that the customer waits for.
    """
    ordered = sorted(steps, key=order)
    journeys: defaultdict[str, list[Step]] = defaultdict(list)
    for step in ordered:
        journeys[step.customer_id].append(step)
    contacts = {
        customer_id: contacts_of(journey, pauses) for customer_id, journey in journeys.items()
    }
    for ticket in tickets_of(ordered):
        yield from _responses(ticket, period, pauses, calendars)
        yield from _resolutions(ticket, period)
        yield from _first_contact(ticket, contacts, period)
    for customer_id, journey in journeys.items():
        yield from _self_service(journey, contacts[customer_id], period)


def _responses(
    ticket: Ticket, period: Period, pauses: Pauses, calendars: Calendars
) -> Iterator[Fact]:
    for since, answered_at in waits(ticket, pauses):
        if since.at not in period:
            continue
        until, running = answered_at or period.seen_until, answered_at is None
        worked = calendars.of_brand(since.brand).minutes_between(since.at, until)
        for name, minutes in (
            ("first_response", _minutes(since.at, until)),
            ("first_response_business", worked),
        ):
            yield since.fact(name, minutes, running=running)
        if running:
            yield since.fact("first_response_open")


def _resolutions(ticket: Ticket, period: Period) -> Iterator[Fact]:
    resolution = resolution_of(ticket)
    if resolution is None or resolution.opening.at not in period:
        return
    opening, first_at, full_at, is_open = resolution
    for name, at in (("resolution_first", first_at), ("resolution_full", full_at)):
        if at or is_open:
            minutes = _minutes(opening.at, at or period.seen_until)
            yield opening.fact(name, minutes, running=at is None)
    if is_open:
        yield opening.fact("resolution_open")


def _first_contact(
    ticket: Ticket, contacts: Mapping[str, Sequence[Contact]], period: Period
) -> Iterator[Fact]:
    """Yield the first resolution of a ticket, and whether no contact on its topic followed."""
    resolution = next(iter(resolutions(ticket)), None)
    if resolution is None or resolution.at not in period:
        return
    subject = opening_of(ticket) or resolution
    yield subject.fact("resolved")
    if not was_reopened(ticket, resolution.at, SAME_TOPIC_WAIT) and not any(
        resolution.at < contact.began_at <= resolution.at + SAME_TOPIC_WAIT
        and contact.is_about(subject)
        for customer_id in {step.customer_id for step in ticket}
        for contact in contacts[customer_id]
    ):
        yield subject.fact("resolved_at_once")


def _self_service(
    journey: Sequence[Step], contacts: Sequence[Contact], period: Period
) -> Iterator[Fact]:
    for session in _sessions([step for step in journey if step.type in _SELF_SERVICE]):
        if session[0].at not in period:
            continue
        yield session[0].fact("self_service_sessions")
        solved = [step.at for step in session if step.type in _SOLVES]
        if solved and not any(
            contact.assisted and solved[-1] < contact.began_at <= solved[-1] + SELF_SERVICE_WAIT
            for contact in contacts
        ):
            yield session[0].fact("self_service_solved")


def _sessions(steps: Sequence[Step]) -> list[list[Step]]:
    sessions = [[steps[0]]] if steps else []
    for before, step in pairwise(steps):
        if step.at - before.at > SESSION_GAP:
            sessions.append([])
        sessions[-1].append(step)
    return sessions


def _minutes(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(minutes=1)
