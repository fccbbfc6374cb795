"""A customer's habit in one number: his own last days, and the change of it that was told."""

from math import inf
from struct import Struct
from typing import Final

import msgspec
from msgspec.structs import replace

from pipeline.detection.habits.proof import Kind

REMEMBERED: Final = 60
"""Maximum number of remembered days; those without any value take no place."""

_RECORD: Final = Struct("<Hf")
"""A day and its value."""


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A change that was told and lasts, with the days on which it began and was told.

    `before` is the level at which it ends.
    """

    kind: Kind
    since: int
    told: int
    before: float


class Habit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last days on which there was something, and the change that lasts: at most 400 bytes.

    Days are local calendar days since 1970, up to 65,535 (the year 2149). As only the last of them
    remain, the state does not depend on the order in which values came.
    """

    days: bytes = b""
    change: Change | None = None

    def values(self, until: int) -> dict[int, float]:
        """Return the values of the remembered days up to a day, in order."""
        values = dict(_RECORD.iter_unpack(self.days))
        while values and next(reversed(values)) > until:
            values.popitem()
        return values


def with_value(habit: Habit, day: int, value: float) -> Habit:
    """Return the habit with a value added to a day, which may be any; 0 and no number add nothing.

    A day before those remembered, if they are as many as can be, is left out. Raises struct.error
    for a day out of range.
    """
    if not 0 < value < inf:
        return habit
    days, size = habit.days, _RECORD.size
    end = len(days)
    while end and (last := _RECORD.unpack_from(days, end - size))[0] > day:
        end -= size
    start = end
    if end and last[0] == day:
        start, value = end - size, last[1] + value
    days = days[:start] + _RECORD.pack(day, value) + days[end:]
    return replace(habit, days=days[-REMEMBERED * size :])
