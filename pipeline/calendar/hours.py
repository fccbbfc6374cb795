"""Spans of a day and of the week in local time: business hours, quiet hours."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The span `[start, end)` of a day; it passes midnight if `end` is earlier.

    `start` = `end` is the whole day.
    """

    start: Clock
    end: Clock

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return begin and end, in UTC, of the span that starts on a day."""
        end_day = day if self.start < self.end else day + timedelta(days=1)
        return clock_on(day, self.start, zone), clock_on(end_day, self.end, zone)


class Hours(Span, frozen=True, forbid_unknown_fields=True):
    """A span on several days of the week; it belongs to the day on which it starts."""

    days: tuple[Day, ...] = DAYS

    def include(self, day: date) -> bool:
        """Return whether the hours start on a day."""
        return DAYS[day.weekday()] in self.days

    def end_after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the end of the hours that include `moment`, or None if there are none."""
        local = moment.astimezone(zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            begins, ends = self.on(day, zone)
            if self.include(day) and begins <= moment < ends:
                return ends
        return None


def clock_on(day: date, clock: Clock, zone: ZoneInfo) -> datetime:
    """Return, in UTC, when a local clock shows a time on a day.

    In UTC because Python compares and subtracts times of one zone by their local clock.
    """
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
