"""A batch as delivered: of each event the copy that holds, and where the others may be stored."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.model.reading import Scored
from pipeline.store.rows import minute_of


class Known(NamedTuple):
    """What the index holds of an event: its highest revision, and every minute it was in."""

    revision: int
    minutes: Sequence[int]


def latest_revisions(scored: Iterable[Scored]) -> tuple[dict[str, Scored], list[Scored]]:
    """Return by id the copy of each event of highest rank, of equals the first; and the others."""
    latest: dict[str, Scored] = {}
    superseded = []
    for one in scored:
        event_id = one.event.event_id
        held = latest.setdefault(event_id, one)
        if held is one:
            continue
        if one.rank > held.rank:
            latest[event_id], one = one, held
        superseded.append(one)
    return latest, superseded


def other_minutes(
    present: Mapping[str, int], superseded: Iterable[Scored], known: Mapping[str, Known]
) -> dict[str, set[int]]:
    """Return, by event id, minutes besides the present one in which the event may be stored."""
    found = {event_id: set(seen.minutes) for event_id, seen in known.items()}
    for one in superseded:
        found.setdefault(one.event.event_id, set()).add(minute_of(one.event))
    for event_id, minutes in found.items():
        minutes.discard(present[event_id])
    return found
