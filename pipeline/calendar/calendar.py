"""Business time: a calendar as a value, and how long people worked between two moments."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pipeline.calendar.hours import Clock, Hours, Span, clock_on
from pipeline.calendar.public_holidays import Holidays, holidays_of
from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.common.names import folded

DayPlan = Literal["closed", "half_day", "open"] | tuple[Span, ...]
"""Business hours of a day: none, until the half day ends, those of its weekday, or these spans."""

_DAY = timedelta(days=1)


class _Year(NamedTuple):
    """The business intervals of a year, ordered and disjoint; times are epoch microseconds.

    `before` is the business time before each interval, and finally that of the whole year.
    """

    starts: list[int]
    ends: list[int]
    before: list[int]

    def until(self, at: int) -> int:
        """Return the business time from the beginning of the year until a time in it."""
        place = bisect_right(self.starts, at)
        if place == 0:
            return 0
        return self.before[place - 1] + min(at, self.ends[place - 1]) - self.starts[place - 1]


@dataclass(frozen=True)
class Calendar:
    """Business hours: weekly hours without holidays; entries in `days` override both.

    Times are exact across clock changes: a night shift from 22:00 to 06:00 has seven hours of
    business time if the clock goes forward in it.
    """

    zone: ZoneInfo
    hours: tuple[Hours, ...]
    holidays: Holidays | None = None
    half_day_ends: Clock = "13:00"
    days: Mapping[date, DayPlan] = field(default_factory=dict)
    _years: dict[int, _Year] = field(default_factory=dict, repr=False, compare=False)

    def is_open(self, moment: datetime) -> bool:
        """Return whether a time is in business hours."""
        year, at = self._year_of(moment), to_micros(moment)
        place = bisect_right(year.starts, at)
        return place > 0 and at < year.ends[place - 1]

    def is_business_day(self, day: date) -> bool:
        """Return whether a day has business hours."""
        return any(begins < ends for begins, ends in self._work_on(day))

    def closes_on(self, day: date) -> datetime | None:
        """Return when the business hours that begin on a day end; None without any."""
        return max((ends for begins, ends in self._work_on(day) if begins < ends), default=None)

    def is_day_off(self, day: date) -> bool:
        """Return whether a holiday or an entry closes a day that may have hours otherwise."""
        return self._plan(day) == "closed"

    def minutes_between(self, start: datetime, end: datetime) -> float:
        """Return the minutes of business time in `[start, end)`."""
        if end <= start:
            return 0.0
        years = range(self._local_year(start), self._local_year(end))
        work = sum(self._year(year).before[-1] for year in years)
        work += self._worked(end) - self._worked(start)
        return work / 60e6

    def add(self, moment: datetime, work: timedelta) -> datetime:
        """Return the time, in UTC, at which `work` of business time has passed since a moment."""
        if not work:
            return moment
        number = self._local_year(moment)
        rest = self._worked(moment) + work // timedelta(microseconds=1)
        while rest > (year := self._year(number)).before[-1]:
            rest -= year.before[-1]
            number += 1
        place = bisect_left(year.before, rest) - 1
        return to_datetime(year.starts[place] + rest - year.before[place])

    def _worked(self, moment: datetime) -> int:
        return self._year_of(moment).until(to_micros(moment))

    def _year_of(self, moment: datetime) -> _Year:
        return self._year(self._local_year(moment))

    def _local_year(self, moment: datetime) -> int:
        return moment.astimezone(self.zone).year

    def _year(self, number: int) -> _Year:
        if number not in self._years:
            self._years[number] = self._computed(number)
        return self._years[number]

    def _computed(self, number: int) -> _Year:
        """Compute a year; a shift across New Year is split between two years."""
        first, limit = date(number, 1, 1), date(number + 1, 1, 1)
        opens, closes = (to_micros(clock_on(day, "00:00", self.zone)) for day in (first, limit))
        starts: list[int] = []
        ends: list[int] = []
        for begins, finishes in sorted(self._spans(first - _DAY, limit)):
            start, end = max(begins, opens), min(finishes, closes)
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            elif start < end:
                starts.append(start)
                ends.append(end)
        lengths = (end - start for start, end in zip(starts, ends, strict=True))
        return _Year(starts, ends, list(accumulate(lengths, initial=0)))

    def _spans(self, day: date, limit: date) -> Iterator[tuple[int, int]]:
        while day < limit:
            for begins, ends in self._work_on(day):
                if begins < ends:
                    yield to_micros(begins), to_micros(ends)
            day += _DAY

    def _work_on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans that start on a day; some may be empty."""
        plan = self._plan(day)
        if plan == "closed":
            return
        spans = (
            [hours for hours in self.hours if hours.include(day)] if isinstance(plan, str) else plan
        )
        for span in spans:
            begins, ends = span.on(day, self.zone)
            if plan == "half_day":
                ends = min(ends, clock_on(day, self.half_day_ends, self.zone))
            yield begins, ends

    def _plan(self, day: date) -> DayPlan:
        if day in self.days:
            return self.days[day]
        if self.holidays is None:
            return "open"
        return holidays_of(self.holidays, day.year).get(day, "open")


class Calendars(NamedTuple):
    """The default calendar (`house`), and those of brands and teams that differ.

    Brands are keyed by their `folded` names, as slices are compared.
    """

    house: Calendar
    brands: Mapping[str, Calendar] = {}
    teams: Mapping[str, Calendar] = {}

    def of_brand(self, brand: str | None) -> Calendar:
        """Return the calendar of a brand, or the default."""
        return self.brands.get(folded(brand or ""), self.house)


AROUND_THE_CLOCK = Calendars(Calendar(ZoneInfo("UTC"), (Hours("00:00", "00:00"),)))
"""Calendars in which all time is business time."""
