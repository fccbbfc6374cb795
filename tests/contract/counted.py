"""What the panels count over the simulated day, in plain Python."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipeline.follow_up.value import FollowUp
from pipeline.model.contact import CONTACT_TYPES
from pipeline.model.event import AuthorType, Event
from pipeline.model.reading import Scored
from pipeline.text.topics import TAXONOMY
from tests.support.simulated_day import DAY, days

PAUSE = timedelta(minutes=30)
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
    """The first line of each contact of the day: a conversation ends with a pause, or resolved."""
    found: list[Event] = []
    alive: dict[tuple[str, ...], tuple[datetime, bool]] = {}
    for one in sorted(of, key=lambda one: one.event.occurred_at):
        event = one.event
        key = (event.customer_id, event.channel, event.ticket_id or "")
        last, asked = alive.get(key, (event.occurred_at, False))
        asked = asked and event.occurred_at - last < PAUSE
        intents = {intent.name for intent in one.reading.intents} if one.reading else set()
        thanks = bool(one.reading and one.reading.label == "positive" and "thanks" in intents)
        if event.type == "ticket.resolved":
            alive.pop(key, None)
        elif (
            event.type in CONTACT_TYPES
            and event.author_type == "customer"
            and not (thanks and intents <= {"thanks", "praise"})
        ):
            found += [] if asked else [event]
            alive[key] = (event.occurred_at, True)
        elif event.type in ("message", "ticket.replied") and event.author_type != "system":
            alive[key] = (event.occurred_at, asked)
    return found


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
