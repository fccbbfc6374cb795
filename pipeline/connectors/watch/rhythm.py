"""How long a source may be silent by its own rhythm.

A quarter of an hour counts by the share of comparable days on which the source delivered in it.
Silence is too long once it is too unlikely by these shares: nights and weekends on which the source
never delivered do not count.
"""

from collections import Counter
from collections.abc import Set
from datetime import UTC, datetime, timedelta, tzinfo
from math import log
from typing import TypeAlias

QUARTER = 900
"""Seconds."""
HORIZON = 8 * 24 * 4
"""Quarters to look back and ahead: a week and a day."""
SURPRISE = 6.0
"""Silence is too long at a probability of e⁻⁶, one in 400."""
FRIDAY = 4

Slot: TypeAlias = tuple[int, int, int]


def quarter_of(at: datetime) -> int:
    """Return the number of quarters of an hour since 1970."""
    return int(at.timestamp()) // QUARTER


def patience(spoken: Set[int], since: datetime, last: datetime, zone: tzinfo) -> timedelta | None:
    """Return how long after its `last` delivery a source may be silent, None if unknown.

    `spoken` are the quarters with deliveries, `since` is the first quarter in which it was known.
    """
    end = quarter_of(last)
    known, usual = Counter[Slot](), Counter[Slot]()
    for quarter in range(max(quarter_of(since) + 1, end - HORIZON), end + 1):
        slot = _slot(quarter, zone)
        known[slot] += 1
        usual[slot] += quarter in spoken
    surprise = 0.0
    for quarter in range(end + 1, end + HORIZON):
        slot = _slot(quarter, zone)
        surprise -= log(1 - usual[slot] / (known[slot] + 1))
        if surprise >= SURPRISE:
            return datetime.fromtimestamp((quarter + 1) * QUARTER, UTC) - last
    return None


def _slot(quarter: int, zone: tzinfo) -> Slot:
    """Return the kind of day, workday or a day of the weekend, and the time of day."""
    at = datetime.fromtimestamp(quarter * QUARTER, zone)
    return max(FRIDAY, at.weekday()), at.hour, at.minute
