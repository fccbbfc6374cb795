"""Hours of the week in a time zone: office hours, quiet hours."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` to before `end` on these days, by the clock on the wall.

    Hours that pass midnight belong to the day on which they start. `start` = `end`: the whole day.
    """

    start: Clock
    end: Clock
    days: tuple[Day, ...] = DAYS

    def end_after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the hours end in which `moment` lies, or None if it is outside of them."""
        local = moment.astimezone(zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            end_day = day if self.start < self.end else day + timedelta(days=1)
            begins, ends = _at(day, self.start, zone), _at(end_day, self.end, zone)
            if DAYS[day.weekday()] in self.days and begins <= moment < ends:
                return ends
        return None


def _at(day: date, clock: Clock, zone: ZoneInfo) -> datetime:
    """In UTC: Python compares and subtracts times of one zone by the clock on the wall."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
