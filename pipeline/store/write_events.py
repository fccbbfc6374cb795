"""Writes events, each once, and recomputes their KPI minutes."""

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
    """The effect of a batch; the three numbers add up to its length.

    `duplicates` changed nothing: they were stored before, or the batch held a later revision.
    `minutes` are those whose KPIs were recomputed, including those of duplicates.
    """

    stored: int
    duplicates: int
    replaced: int
    minutes: tuple[datetime, ...]


def write_events(backend: Backend, scored: Sequence[Scored]) -> WriteResult:
    """Store a batch as `Store.write_events` describes.

    The order is: leave old timelines, write events, index and KPI minutes. The index states that an
    event is stored, so it follows the event; minutes of known events are recomputed, too, since a
    crash may have prevented it.
    """
    latest, superseded = latest_revisions(scored)
    known = _known(backend, latest)
    present = {event_id: minute_of(copy.event) for event_id, copy in latest.items()}
    elsewhere = other_minutes(present, superseded, known)
    hurried = _hurried(backend, latest, known)
    news = {
        event_id: copy
        for event_id, copy in latest.items()
        if event_id not in known
        or copy.event.revision > known[event_id].revision
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
    """Return the index entries of these events."""
    rows = backend.look_up(query("known_events"), list(latest)) if latest else []
    return {
        event_id: Known(revision, minutes)
        for event_id, revision, minutes in rows
        if event_id in latest
    }


def _hurried(
    backend: Backend, latest: Mapping[str, Scored], known: Mapping[str, Known]
) -> set[str]:
    """Return the events that are stored with a hurried reading and now have a better one."""
    patient = [
        event_id
        for event_id, seen in known.items()
        if latest[event_id].reading and latest[event_id].rank == (seen.revision, True)
    ]
    rows = backend.look_up(query("hurried_events"), patient) if patient else []
    return {event_id for (event_id,) in rows}


def _leave_timelines(
    backend: Backend,
    news: Mapping[str, Scored],
    superseded: Sequence[Scored],
    replacing: Sequence[str],
) -> None:
    """Remove events that are about to move to another customer from the old timeline.

    This precedes their replacement, which forgets the old customer.
    """
    events = [copy.event for copy in superseded]
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
    """Insert each event at its minute, and a tombstone at every other possible minute."""
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
            [*news.values(), *(copy for copy, _ in gone)],
            [*minutes, *(minute for _, minute in gone)],
            moved=len(gone),
        ),
    )
    index: Columns = {
        "event_id": list(news),
        "minute": minutes,
        "revision": [copy.event.revision for copy in news.values()],
    }
    backend.insert("known_events", index)


def recompute(backend: Backend, minutes: Iterable[int]) -> None:
    """Recompute KPI minutes from the stored events.

    Versions are read first: a row may include more events than its version, never fewer.
    """
    some = tuple(sorted(minutes))
    found = backend.execute(query("minute_versions"), {"minutes": some}) if some else []
    if found:
        known, versions = zip(*found, strict=True)
        parameters = {"minutes": some, "known": known, "versions": versions}
        backend.execute(query("recompute_minutes"), parameters)
