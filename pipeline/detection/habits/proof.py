"""What shows that a habit changed: the level before and now, and the days beside what is usual."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from pipeline.detection.habits.limits import LIMITS

Kind = Literal["falling", "quiet", "lapsed"]
"""A change: the level fades, what comes nearly daily stays away, or what comes now and then."""


class ShownDay(NamedTuple):
    """A day of the curve, with its value and what is usual on its weekday."""

    day: int
    value: float
    usual: float


class Proof(NamedTuple):
    """The level and the last days of a habit that changed, or that is back.

    `since` is the day on which the change most likely began. `before` and `now` are typical values
    of a day: where an amount falls, of one that has a value, else of any.
    """

    kind: Kind
    since: int
    before: float
    now: float
    curve: tuple[ShownDay, ...]


def curve(
    values: Mapping[int, float], until: int, by_weekday: Sequence[float]
) -> tuple[ShownDay, ...]:
    """Return the last days beside what is usual on each weekday (day modulo 7)."""
    return tuple(
        ShownDay(day, values.get(day, 0.0), by_weekday[day % 7])
        for day in range(until - LIMITS.shown + 1, until + 1)
    )
