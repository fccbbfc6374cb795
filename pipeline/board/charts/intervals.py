"""Which intervals a chart of KPIs shows: whole ones of the desk's clock, and the one that runs."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.kpi.definitions import Window


class Range(NamedTuple):
    """So many intervals of this length, of which the last has not ended."""

    step: timedelta
    intervals: int


RANGES = {
    "6h": Range(timedelta(minutes=30), 13),
    "24h": Range(timedelta(hours=2), 13),
    "7d": Range(timedelta(hours=12), 15),
    "28d": Range(timedelta(days=2), 15),
}
"""By the name that stands in the address."""
USUAL = "24h"

_DAY = timedelta(days=1)


def intervals(name: str, now: datetime, zone: ZoneInfo) -> list[Window]:
    """Return the intervals of a range in order; the last contains `now`.

    They begin with the hour or the day of the zone, so that a page that is loaded again shows the
    same ones. Over a change of the clocks one is an hour shorter or longer.
    """
    step, count = RANGES[name]
    here = now.astimezone(zone).replace(tzinfo=None)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    if step > _DAY:
        days = step // _DAY
        midnight -= timedelta(days=midnight.toordinal() % days)
    first = midnight + (here - midnight) // step * step - (count - 1) * step
    edges = [(first + number * step).replace(tzinfo=zone) for number in range(count + 1)]
    return [Window(start, end) for start, end in pairwise(edges)]
