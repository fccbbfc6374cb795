"""Events into the store: each once, the KPI minutes formed anew."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from pipeline.model.reading import Scored
from pipeline.store.backend import Backend, Columns
from pipeline.store.deliveries import Known, latest_revisions, other_minutes
from pipeline.store.rows import TIMELINE_KEY, by_column, event_columns, minute_of
from pipeline.store.sql import query


class WriteResult(NamedTuple):
    """What a batch changed; the three numbers add up to its length.

    `duplicates` changed nothing: they were stored before, or their batch held a later revision.
    `minutes` are those whose KPIs were recomputed, the minutes of duplicates too.
    """

    stored: int
    duplicates: int
    replaced: int
    minutes: tuple[datetime, ...]


def write_events(backend: Backend, scored: Sequence[Scored]) -> WriteResult:
    """Do what `Store.write_events` says.

    The order is timelines left, events, index, KPI minutes: the index says that an event is
    stored, so it follows the event, and the minutes of known events too are recomputed,
    because a crash may have come before that.
    """
    latest, superseded = latest_revisions(scored)
    known = _known(backend, latest)
    present = {event_id: minute_of(one.event) for event_id, one in latest.items()}
    elsewhere = other_minutes(present, superseded, known)
    hurried = _hurried(backend, latest, known)
    news = {
        event_id: one
        for event_id, one in latest.items()
        if event_id not in known
        or one.event.revision > known[event_id].revision
        or event_id in hurried
    }
    replacing = [event_id for event_id in news if event_id in known]
    _leave_timelines(backend, news, superseded, replacing)
    _insert_events(backend, news, present, elsewhere)
    minutes = sorted({*present.values(), *chain.from_iterable(elsewhere.values())})
    recompute(backend, minutes)
    return WriteResult(
        stored=len(news) - len(replacing),
        duplicates=len(scored) - len(news),
        replaced=len(replacing),
        minutes=tuple(datetime.fromtimestamp(minute, UTC) for minute in minutes),
    )


def _known(backend: Backend, latest: Mapping[str, Scored]) -> dict[str, Known]:
    """Return what the index holds of these events."""
    found = backend.look_up(query("known_events"), list(latest)) if latest else []
    return {
        event_id: Known(revision, minutes)
        for event_id, revision, minutes in found
        if event_id in latest
    }


def _hurried(
    backend: Backend, latest: Mapping[str, Scored], known: Mapping[str, Known]
) -> set[str]:
    """Return which of the events are stored as they were read in haste, and are no longer."""
    patient = [
        event_id
        for event_id, seen in known.items()
        if latest[event_id].reading and latest[event_id].rank == (seen.revision, True)
    ]
    found = backend.look_up(query("hurried_events"), patient) if patient else []
    return {event_id for (event_id,) in found}


def _leave_timelines(
    backend: Backend,
    news: Mapping[str, Scored],
    superseded: Sequence[Scored],
    replacing: Sequence[str],
) -> None:
    """Take events that are about to move to another customer out of the timeline of the first.

    Before they are replaced, since after that nothing tells where they were.
    """
    events = [one.event for one in superseded]
    places = {(event.event_id, event.customer_id, minute_of(event)) for event in events}
    if replacing:
        places.update(backend.look_up(query("customers_of"), replacing))
    left = [
        (customer_id, minute, event_id, news[event_id].event.revision, 1)
        for event_id, customer_id, minute in sorted(places)
        if event_id in news and customer_id != news[event_id].event.customer_id
    ]
    if left:
        backend.insert("timelines", by_column(TIMELINE_KEY, left))


def _insert_events(
    backend: Backend,
    news: Mapping[str, Scored],
    present: Mapping[str, int],
    elsewhere: Mapping[str, set[int]],
) -> None:
    """Insert each event at its minute, and a tombstone at every other it may be in."""
    if not news:
        return
    gone = [
        (news[event_id], minute)
        for event_id, minutes in elsewhere.items()
        if event_id in news
        for minute in minutes
    ]
    minutes = [present[event_id] for event_id in news]
    backend.insert(
        "events",
        event_columns(
            [*news.values(), *(one for one, _ in gone)],
            [*minutes, *(minute for _, minute in gone)],
            moved=len(gone),
        ),
    )
    index: Columns = {
        "event_id": list(news),
        "minute": minutes,
        "revision": [one.event.revision for one in news.values()],
    }
    backend.insert("known_events", index)


def recompute(backend: Backend, minutes: Iterable[int]) -> None:
    """Form KPI minutes anew from the stored events.

    Versions first: a row that is written with one may know more events than it, never fewer.
    """
    some = tuple(sorted(minutes))
    found = backend.execute(query("minute_versions"), {"minutes": some}) if some else []
    if found:
        known, versions = zip(*found, strict=True)
        parameters = {"minutes": some, "known": known, "versions": versions}
        backend.execute(query("recompute_minutes"), parameters)
