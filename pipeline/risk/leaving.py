"""When a customer left: the truth that risk is measured against."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline.model.leaving import Standing, is_excused, standing_after
from pipeline.model.reading import Scored

TAKEN_BACK = timedelta(days=7)
"""Time within which a new or renewed subscription shows that the customer did not leave."""


class Departure(NamedTuple):
    """A customer left at a time, and came back at another, None if not."""

    at: datetime
    back: datetime | None = None


def departures(events: Iterable[Scored]) -> tuple[Departure, ...]:
    """Return when a customer left (`standing_after`), given their events in event order.

    A subscription that follows at once shows that the customer did not leave.
    """
    found: list[Departure] = []
    standing = Standing()
    for event in (scored.event for scored in events if scored.counted):
        before, product = standing, event.product or ""
        standing = standing_after(before, event.type, product, excused=is_excused(event))
        if standing.gone and not before.gone:
            found.append(Departure(event.occurred_at))
        elif before.gone and not standing.gone:
            last = found.pop()
            if event.occurred_at - last.at > TAKEN_BACK:
                found.append(Departure(last.at, event.occurred_at))
    return tuple(found)


def is_gone(at: datetime, left: Iterable[Departure]) -> bool:
    """Return whether the customer has left at a time."""
    return any(one.at <= at and (one.back is None or at < one.back) for one in left)


def leaves_within(at: datetime, horizon: timedelta, left: Iterable[Departure]) -> bool:
    """Return whether the customer leaves after `at`, but no later than the horizon."""
    return any(at < one.at <= at + horizon for one in left)
