"""Measures tickets: waits for a person, and times to resolution."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline.common.epoch_micros import to_micros
from pipeline.common.names import folded
from pipeline.kpi.steps import Step
from pipeline.model.contact import Pauses, awaits_reply
from pipeline.model.event_types import TICKET_STEPS, Trait, types_with

_OPENS = types_with(Trait.OPENS)
_REOPENS = types_with(Trait.REOPENS)
_REPLIES = types_with(Trait.REPLIES)
_RESOLVES = types_with(Trait.RESOLVES)
_CLOSES = types_with(Trait.CLOSES)
_OF_TICKETS = types_with(Trait.TICKET | Trait.LINE)

_MOMENT = {str(type_): place for place, type_ in enumerate(TICKET_STEPS)}
"""Sort keys of ticket steps with the same time."""

Ticket = list[Step]
"""The steps with one ticket id, in order, of whatever customer."""


def tickets_of(steps: Iterable[Step]) -> list[Ticket]:
    """Return the tickets in ordered steps.

    Brands may use the same ticket ids, so a ticket belongs to a brand; a step without a brand
    belongs to the ticket of that id with one, the first brand's by name if there are several.
    """
    by_id: defaultdict[str, Ticket] = defaultdict(list)
    for step in steps:
        if step.ticket_id and step.type in _OF_TICKETS:
            by_id[step.ticket_id].append(step)
    by_brand: defaultdict[tuple[str, str], Ticket] = defaultdict(list)
    for ticket_id, ticket in by_id.items():
        brands = [folded(step.brand) for step in ticket]
        usual = min(filter(None, brands), default="")
        for step, brand in zip(ticket, brands, strict=True):
            by_brand[ticket_id, brand or usual].append(step)
    return list(by_brand.values())


def order(step: Step) -> tuple[datetime, int, str]:
    """Return the sort key of a step."""
    return step.at, _MOMENT.get(step.type, -1), step.author_type


class Wait(NamedTuple):
    """A wait from `since` to the reply of a person; `answered_at` is None while it runs."""

    since: Step
    answered_at: datetime | None


def waits(ticket: Ticket, pauses: Pauses) -> Iterator[Wait]:
    """Yield the waits of a ticket as docs/kpis.md defines them.

    The customer's next line tells whether a bot's reply was enough: after a pause it is a new
    question, before that the wait continues.
    """
    clock: Step | None = None
    bot_answered: Step | None = None
    opening = opening_of(ticket)
    for step in ticket:
        if _starts(step, clock, opening):
            clock, bot_answered = step, None
        elif clock is None:
            continue
        elif _is_answer(step, "agent"):
            yield Wait(clock, step.at)
            clock = None
        elif _is_answer(step, "bot"):
            bot_answered = None if _hands_over(clock) else step
        elif bot_answered and awaits_reply(step.type, step.author_type, thanks=step.thanks):
            silence = to_micros(step.at) - to_micros(bot_answered.at)
            clock = step if silence >= pauses.of(step.channel) else clock
            bot_answered = None
        elif step.type in _CLOSES:
            clock = None
    if clock is not None:
        yield Wait(clock, None)


def _starts(step: Step, clock: Step | None, opening: Step | None) -> bool:
    """Return whether the clock starts; a repeated step does not shorten the customer's wait."""
    if step.type in _REOPENS:
        return clock is None or clock.type not in _REOPENS
    if _hands_over(step):
        return clock is None or not _hands_over(clock)
    return step is opening and clock is None


def _hands_over(step: Step) -> bool:
    return step.type in _REPLIES and step.author_type == "bot" and step.handoff


def _is_answer(step: Step, author: str) -> bool:
    return step.type in _REPLIES and step.author_type == author and not step.internal


class Resolution(NamedTuple):
    """When a ticket was resolved for the first time and for good; None: not so far.

    `is_open`: it is still to be resolved; a ticket that was merged into another is not.
    """

    opening: Step
    first_at: datetime | None
    full_at: datetime | None
    is_open: bool


def resolution_of(ticket: Ticket) -> Resolution | None:
    """Return the resolution of a ticket, None if its opening is unknown."""
    opening = opening_of(ticket)
    if opening is None:
        return None
    later = ticket[ticket.index(opening) :]
    resolved = [step.at for step in resolutions(later)]
    reopened = max((step.at for step in later if step.type in _REOPENS), default=opening.at)
    states = [step for step in later if step.type in _REOPENS | _CLOSES]
    is_open = not states or states[-1].type in _REOPENS
    full = None if is_open else min((at for at in resolved if at >= reopened), default=None)
    return Resolution(opening, min(resolved, default=None), full, is_open)


def resolutions(ticket: Ticket) -> list[Step]:
    """Return the resolutions of a ticket; closing a merged ticket is not one."""
    resolved = []
    merged = False
    for step in ticket:
        if step.type in _RESOLVES and not merged:
            resolved.append(step)
        elif step.type in _REOPENS | _CLOSES:
            merged = step.type in _CLOSES
    return resolved


def opening_of(ticket: Sequence[Step]) -> Step | None:
    """Return the opening of a ticket, or the complaint that it is about."""
    return next((step for step in ticket if step.type in _OPENS), None)


def was_reopened(ticket: Sequence[Step], after: datetime, wait: timedelta) -> bool:
    """Return whether a ticket was reopened within `wait` after `after`, by any author."""
    return any(
        step.type in _REOPENS and not step.thanks and after < step.at <= after + wait
        for step in ticket
    )
