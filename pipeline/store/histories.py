"""Reads whole histories of customers, from which risk is learned and judged."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.model.reading import Scored
from pipeline.store.backend import Backend
from pipeline.store.rows import SCORED_COLUMNS, epoch_minute, scored_of
from pipeline.store.sql import query

EVENTS_AT_ONCE = 200_000
"""About how many events are in memory at a time."""


def read_histories(backend: Backend, events: int) -> Iterator[list[Scored]]:
    """Yield the counted events of each customer in event order; `events` is how many there are."""
    statement = query("histories").format(columns=", ".join(SCORED_COLUMNS))
    parts = 1 + events // EVENTS_AT_ONCE
    for part in range(parts):
        found = map(scored_of, backend.execute(statement, {"parts": parts, "part": part}))
        for _, history in groupby(found, key=lambda scored: scored.event.customer_id):
            yield list(history)


def read_span(backend: Backend) -> tuple[datetime, datetime] | None:
    """Return when the first and the last counted event happened, None without any."""
    for first, last in backend.execute(query("span")):
        return to_datetime(first), to_datetime(last)
    return None


def read_leavers(backend: Backend, start: datetime, end: datetime) -> list[str]:
    """Return the customers of whom a subscription or account ended in `[start, end)`."""
    bounds = {
        "from_minute": epoch_minute(start),
        "to_minute": epoch_minute(end),
        "from_us": to_micros(start),
        "to_us": to_micros(end),
    }
    return [str(customer_id) for (customer_id,) in backend.execute(query("leavers"), bounds)]
