"""What the panels count over the simulated day, in plain Python."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from pipeline.follow_up.value import FollowUp
from pipeline.kpi.contacts import contacts_of
from pipeline.kpi.steps import Step
from pipeline.kpi.tickets import order
from pipeline.model.contact import PAUSES, is_contact, keeps_alive, only_thanks
from pipeline.model.event import AuthorType, Event
from pipeline.model.merged_tickets import type_in_effect
from pipeline.model.reading import Scored
from pipeline.text.topics import TAXONOMY
from tests.support.simulated_day import DAY, days

FEWEST = 5
TITLES = {name: topic.title.en for name, topic in TAXONOMY.topics.items()}


def within(one: Scored, days_before: int = 0) -> bool:
    shift = timedelta(days=days_before)
    return DAY.start - shift <= one.event.occurred_at < DAY.end - shift


def texts(days_before: int = 0) -> list[Scored]:
    return [
        one
        for one in days().scored
        if one.reading and one.event.author_type is AuthorType.CUSTOMER and within(one, days_before)
    ]


def contacts(of: Iterable[Scored]) -> list[Event]:
    """The events with which the contacts of customers begin, as KPIs form them of steps."""
    lines: defaultdict[str, list[tuple[Step, Event]]] = defaultdict(list)
    for step, event in map(_step, of):
        asks = is_contact(step.type, step.author_type, thanks=step.thanks)
        if asks or keeps_alive(step.type, step.author_type) or step.type == "ticket.resolved":
            lines[step.customer_id].append((step, event))
    return [
        next(
            event
            for step, event in own
            if (step.at, step.channel) == (contact.began_at, contact.channel)
            and is_contact(step.type, step.author_type, thanks=step.thanks)
        )
        for own in lines.values()
        for contact in contacts_of(sorted((step for step, _ in own), key=order), PAUSES)
    ]


def _step(one: Scored) -> tuple[Step, Event]:
    event, read = one.event, one.reading
    thanks = bool(read) and only_thanks(read.label, {intent.name for intent in read.intents})
    place = (event.channel, event.touchpoint or "", event.segment or "", event.brand or "", "")
    who = (event.customer_id, event.ticket_id or "", str(type_in_effect(event)))
    return Step(event.occurred_at, *who, str(event.author_type), False, False, thanks, place), event


def happened(at: datetime | None, until: datetime) -> bool:
    return at is not None and at < until


def open_at(end: datetime) -> dict[str, FollowUp]:
    """The follow-ups of the alerts that were open then, of which nobody had settled the matter."""
    was_open = {
        alert.id
        for alert in days().alerts
        if alert.opened_at < end and not happened(alert.closed_at, end)
    }
    return {
        one.alert_id: one
        for one in days().follow_ups
        if one.alert_id in was_open and not happened(one.resolved_at, end)
    }


def moment(cell: datetime | str) -> datetime:
    """A time as either engine gives it."""
    if isinstance(cell, str):
        return datetime.fromisoformat(cell).replace(tzinfo=DAY.start.tzinfo)
    return cell
