"""What follows what: replies, resolutions and solutions by oneself, out of a customer's steps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from pipeline.calendar.calendar import Calendars
from pipeline.common.epoch_micros import to_micros
from pipeline.kpi.definitions import DIMENSIONS, SAME_TOPIC_WAIT, SELF_SERVICE_WAIT
from pipeline.model.contact import Pauses, continued, keeps_alive
from pipeline.model.event_types import TICKET_STEPS, Trait, types_with

SESSION_GAP = timedelta(minutes=30)
"""Self-service after a longer pause is another session."""

_OPENS = types_with(Trait.OPENS)
_REOPENS = types_with(Trait.REOPENS)
_REPLIES = types_with(Trait.REPLIES)
_CLOSES = types_with(Trait.CLOSES)
_RESOLVES = types_with(Trait.RESOLVES)
_SELF_SERVICE = types_with(Trait.SELF_SERVICE)
_SOLVES = types_with(Trait.SOLVES)

_MOMENT = {str(type_): place for place, type_ in enumerate(TICKET_STEPS)}
"""Steps of a ticket in the order of those that bear the same time."""

Slice = tuple[str, ...]
"""A value of each of DIMENSIONS."""


class Step(NamedTuple):
    """An event as journeys see it.

    `internal` marks a note that the customer does not see, `handoff` a reply by which a bot hands
    over to a person, `is_contact` a line of a contact (`pipeline.model.contact`).
    """

    at: datetime
    customer_id: str
    ticket_id: str
    type: str
    author_type: str
    internal: bool
    handoff: bool
    is_contact: bool
    slice: Slice


class Fact(NamedTuple):
    """Something that KPIs count; `minutes` is how long it took, where that is the point."""

    slice: Slice
    name: str
    minutes: float | None = None


def journey_facts(
    steps: Iterable[Step], start: datetime, end: datetime, pauses: Pauses, calendars: Calendars
) -> Iterator[Fact]:
    """Find what began in `[start, end)`; `steps` of before and after it are the context.

    A wait in business time is by the calendar of the brand whose clock it is.
    """
    ordered = sorted(steps, key=_order)
    for _, group in groupby(ordered, key=lambda step: step.customer_id):
        journey = list(group)
        contacts = _contacts(journey, pauses)
        tickets: dict[str, list[Step]] = {}
        for step in journey:
            if step.ticket_id and step.type in TICKET_STEPS:
                tickets.setdefault(step.ticket_id, []).append(step)
        for ticket in tickets.values():
            yield from _responses(ticket, start, end, calendars)
            yield from _resolutions(ticket, start, end)
            yield from _first_contact(ticket, contacts, start, end)
        yield from _self_service(journey, contacts, start, end)


def _order(step: Step) -> tuple[str, datetime, int]:
    rank = _MOMENT.get(step.type, -1)
    return step.customer_id, step.at, rank


def _responses(
    ticket: Sequence[Step], start: datetime, end: datetime, calendars: Calendars
) -> Iterator[Fact]:
    """Clocks that began in the window: opening starts one, reopening and a hand-off anew."""
    clock: Step | None = None
    for step in ticket:
        if step.type in _REOPENS or (clock is None and step is _opening(ticket)):
            clock = step
        elif _hands_over(step) and not (clock and _hands_over(clock)):
            # A bot that says so twice does not make the customer's wait shorter.
            clock = step
        elif clock is None:
            continue
        elif step.type in _REPLIES and step.author_type == "agent" and not step.internal:
            if start <= clock.at < end:
                yield Fact(clock.slice, "first_response", _minutes(clock.at, step.at))
                calendar = calendars.of_brand(clock.slice[DIMENSIONS.index("brand")])
                worked = calendar.minutes_between(clock.at, step.at)
                yield Fact(clock.slice, "first_response_business", worked)
            clock = None
        elif step.type in _CLOSES:
            clock = None
    if clock is not None and start <= clock.at < end:
        yield Fact(clock.slice, "first_response_open")


def _hands_over(step: Step) -> bool:
    return step.type in _REPLIES and step.author_type == "bot" and step.handoff


def _resolutions(ticket: Sequence[Step], start: datetime, end: datetime) -> Iterator[Fact]:
    opening = _opening(ticket)
    if opening is None or not start <= opening.at < end:
        return
    later = ticket[ticket.index(opening) :]
    states = [s for s in later if s.type in _REOPENS | _RESOLVES]
    resolved = [s for s in states if s.type in _RESOLVES]
    if resolved:
        yield Fact(opening.slice, "resolution_first", _minutes(opening.at, resolved[0].at))
    if resolved and states[-1].type in _RESOLVES:
        last_reopened = max((s.at for s in states if s.type in _REOPENS), default=None)
        full = next(s for s in resolved if last_reopened is None or s.at >= last_reopened)
        yield Fact(opening.slice, "resolution_full", _minutes(opening.at, full.at))
    else:
        yield Fact(opening.slice, "resolution_open")


@dataclass
class _Contact:
    """A contact so far: when its first and its last line came, and what its lines are about."""

    began_at: datetime
    at: int
    channel: str
    ticket_id: str
    topics: set[str]
    solved: bool = False


def _contacts(journey: Sequence[Step], pauses: Pauses) -> list[_Contact]:
    """Return the contacts of a customer, in the order of their beginnings."""
    found: list[_Contact] = []
    alive: list[_Contact] = []
    longest = pauses.longest
    for step in journey:
        at, (channel, topic, *_) = to_micros(step.at), step.slice
        if step.type in _RESOLVES:
            for one in alive:
                one.solved |= bool(
                    (step.ticket_id and one.ticket_id == step.ticket_id)
                    or (topic and topic in one.topics)
                )
        if not (step.is_contact or keeps_alive(step.type, step.author_type)):
            continue
        contact = continued(alive, at, channel, step.ticket_id, pauses.of(channel))
        if contact is None and step.is_contact:
            found.append(contact := _Contact(step.at, at, channel, step.ticket_id, set()))
        if contact is None:
            continue
        contact.at = at
        if step.is_contact:
            contact.ticket_id = step.ticket_id or contact.ticket_id
            contact.topics.add(topic)
        others = (one for one in alive if one is not contact and at - one.at < longest)
        alive = [*others, contact]
    return found


def _first_contact(
    ticket: Sequence[Step], contacts: Sequence[_Contact], start: datetime, end: datetime
) -> Iterator[Fact]:
    """The first resolution of a ticket, and whether silence on its topic followed."""
    resolution = next((step for step in ticket if step.type in _RESOLVES), None)
    if resolution is None or not start <= resolution.at < end:
        return
    subject = _opening(ticket) or resolution
    topic, until = subject.slice[1], resolution.at + SAME_TOPIC_WAIT
    yield Fact(subject.slice, "resolved")
    # Whoever writes that it was reopened: helpdesks do so themselves.
    reopened = any(step.type in _REOPENS and resolution.at < step.at <= until for step in ticket)
    if not reopened and not any(
        resolution.at < one.began_at <= until and topic in one.topics for one in contacts
    ):
        yield Fact(subject.slice, "resolved_at_once")


def _self_service(
    journey: Sequence[Step], contacts: Sequence[_Contact], start: datetime, end: datetime
) -> Iterator[Fact]:
    for session in _sessions([s for s in journey if s.type in _SELF_SERVICE]):
        if not start <= session[0].at < end:
            continue
        yield Fact(session[0].slice, "self_service_sessions")
        solved = [step.at for step in session if step.type in _SOLVES]
        if solved and not any(
            solved[-1] < one.began_at <= solved[-1] + SELF_SERVICE_WAIT for one in contacts
        ):
            yield Fact(session[0].slice, "self_service_solved")


def _sessions(steps: Sequence[Step]) -> list[list[Step]]:
    sessions = [[steps[0]]] if steps else []
    for before, step in pairwise(steps):
        if step.at - before.at > SESSION_GAP:
            sessions.append([])
        sessions[-1].append(step)
    return sessions


def _opening(ticket: Sequence[Step]) -> Step | None:
    """A ticket begins with being opened, or with the complaint that it is about."""
    return next((step for step in ticket if step.type in _OPENS), None)


def _minutes(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(minutes=1)
