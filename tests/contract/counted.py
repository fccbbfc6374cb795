"""What the panels count over the simulated day, in plain Python."""

from datetime import datetime, timedelta

from pipeline.event import AuthorType, EventType
from pipeline.follow_up.value import FollowUp
from pipeline.reading import Scored
from pipeline.text.topics import TAXONOMY
from tests.simulated_day import DAY, days

ASKS = (EventType.MESSAGE, EventType.CALL, EventType.COMPLAINT)
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
