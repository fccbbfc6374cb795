"""Turns complaints from şikayetvar.com into events.

The file knows one time a complaint, to the minute. What followed is put one second apart within
that minute, in the order in which it must have happened: so every count by minute, hour or day
takes a complaint with its sequel. The seconds are an order, not a duration.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from pipeline.ingest.decode import encode_event, parse, parse_event
from pipeline.model.event import AuthorType, Event, Metric, Moment, Score
from pipeline.model.event_types import EventType

CHANNEL = "sikayetvar"
REPLIED, RESOLVED, RATED = (timedelta(seconds=n) for n in (1, 2, 3))


class Complaint(msgspec.Struct, frozen=True):
    """A line of the file; `satisfaction` is 1 to 5."""

    id: str
    occurred_at: Moment
    author: str
    text: str
    title: str | None = None
    brand: str | None = None
    company_reply: str | None = None
    resolved: bool | None = None
    satisfaction: float | None = None
    keywords: str | None = None
    views: int | None = None
    upvotes: int | None = None


_COMPLAINTS = msgspec.json.Decoder(Complaint)


def events_of(line: bytes) -> tuple[Event, ...]:
    """Return the complaint and its later events. Raises Invalid."""
    complaint = parse(_COMPLAINTS, line)
    return tuple(parse_event(encode_event(event)) for event in _story(complaint))


def _story(complaint: Complaint) -> Iterator[Event]:
    def event(suffix: str, at: datetime, kind: EventType) -> Event:
        return Event(
            event_id=complaint.id + suffix,
            occurred_at=at,
            customer_id=complaint.author,
            channel=CHANNEL,
            type=kind,
            ticket_id=complaint.id,
            brand=complaint.brand,
            source=CHANNEL,
        )

    at = complaint.occurred_at
    yield msgspec.structs.replace(
        event("", at, EventType.COMPLAINT),
        title=complaint.title,
        text=complaint.text,
        attributes=_attributes(complaint),
    )
    if complaint.company_reply:
        yield msgspec.structs.replace(
            event("-reply", at + REPLIED, EventType.TICKET_REPLIED),
            text=complaint.company_reply,
            author_type=AuthorType.AGENT,
        )
    if complaint.resolved:
        yield event("-resolved", at + RESOLVED, EventType.TICKET_RESOLVED)
    if complaint.satisfaction is not None:
        yield msgspec.structs.replace(
            event("-csat", at + RATED, EventType.SURVEY),
            score=Score(Metric.CSAT, complaint.satisfaction, scale_min=1, scale_max=5),
        )


def _attributes(complaint: Complaint) -> dict[str, str | int | float | bool | None]:
    known = {
        "views": complaint.views,
        "upvotes": complaint.upvotes,
        "keywords": complaint.keywords,
    }
    return {name: value for name, value in known.items() if value is not None}
