"""Deduplicates a delivered batch: the valid copy of each event, and where others are stored."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.model.reading import Scored
from pipeline.store.rows import minute_of


class Known(NamedTuple):
    """An event in the index: its highest revision, and every minute it was in."""

    revision: int
    minutes: Sequence[int]


def latest_revisions(scored: Iterable[Scored]) -> tuple[dict[str, Scored], list[Scored]]:
    """Return the highest-ranked copy of each event by id, on ties the first; and the others."""
    latest: dict[str, Scored] = {}
    superseded = []
    for copy in scored:
        event_id = copy.event.event_id
        held = latest.setdefault(event_id, copy)
        if held is copy:
            continue
        if copy.rank > held.rank:
            latest[event_id], copy = copy, held
        superseded.append(copy)
    return latest, superseded


def other_minutes(
    present: Mapping[str, int], superseded: Iterable[Scored], known: Mapping[str, Known]
) -> dict[str, set[int]]:
    """Return, by event id, minutes besides the present one in which the event may be stored."""
    found = {event_id: set(seen.minutes) for event_id, seen in known.items()}
    for copy in superseded:
        found.setdefault(copy.event.event_id, set()).add(minute_of(copy.event))
    for event_id, minutes in found.items():
        minutes.discard(present[event_id])
    return found
