"""The intervals of KPI charts: whole ones by the desk's clock, and the current one."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.kpi.definitions import Window


class Range(NamedTuple):
    """A number of intervals of this length, of which the last is the current one."""

    step: timedelta
    intervals: int


RANGES = {
    "6h": Range(timedelta(minutes=30), 13),
    "24h": Range(timedelta(hours=2), 13),
    "7d": Range(timedelta(hours=12), 15),
    "28d": Range(timedelta(days=2), 15),
}
"""Ranges by their name in the URL."""
USUAL = "24h"

_DAY = timedelta(days=1)


def intervals(name: str, now: datetime, zone: ZoneInfo) -> list[Window]:
    """Return the intervals of a range in order; the last contains `now`.

    They start at hours or days of the zone, so that a reloaded page shows the same ones. When the
    clocks change, one is an hour shorter or longer.
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
