"""Loads `desk/calendar.yaml`."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pipeline.calendar.calendar import Calendar, Calendars, DayPlan
from pipeline.calendar.hours import Clock, Hours
from pipeline.calendar.public_holidays import Holidays
from pipeline.common.names import Name, folded
from pipeline.common.time_zones import time_zone_of
from pipeline.common.yaml_files import read_form

_DATES = re.compile(r"(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?", re.ASCII)
_LONGEST = timedelta(days=366)

WeeklyHours = Annotated[tuple[Hours, ...], Meta(min_length=1)]


class CalendarError(Exception):
    """The file is wrong; the message names the file and the field."""


class OverrideForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a brand or a team differs: given keys replace the default ones."""

    time_zone: str | UnsetType = UNSET
    hours: WeeklyHours | UnsetType = UNSET
    holidays: Holidays | UnsetType | None = UNSET
    half_day_ends: Clock | UnsetType = UNSET
    days: dict[str, DayPlan] | UnsetType = UNSET


class CalendarForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of calendar.yaml; see docs/calendar.md."""

    time_zone: str
    hours: WeeklyHours
    holidays: Holidays | None = None
    half_day_ends: Clock = "13:00"
    days: dict[str, DayPlan] = {}
    brands: dict[str, OverrideForm] = {}
    teams: dict[Name, OverrideForm] = {}


def load_calendars(path: Path) -> Calendars:
    """Load the calendars of a file. Raises CalendarError."""
    form = read_form(path, CalendarForm, CalendarError)
    return Calendars(
        _calendar(path, form, ""),
        {folded(name): own for name, own in _overridden(path, form, "brands", form.brands).items()},
        _overridden(path, form, "teams", form.teams),
    )


def load_time_zone(path: Path) -> ZoneInfo:
    """Load the default time zone without checking holidays. Raises CalendarError."""
    form = read_form(path, CalendarForm, CalendarError)
    return time_zone_of(form.time_zone, f"{path}: time_zone", CalendarError)


def _overridden(
    path: Path, form: CalendarForm, kind: str, overrides: Mapping[str, OverrideForm]
) -> dict[str, Calendar]:
    calendars = {}
    for name, override in overrides.items():
        own: dict[str, Any] = {
            field: value
            for field, value in msgspec.structs.asdict(override).items()
            if value is not UNSET
        }
        merged = msgspec.structs.replace(form, **own)
        calendars[name] = _calendar(path, merged, f"{kind}.{name}.")
    return calendars


def _calendar(path: Path, form: CalendarForm, where: str) -> Calendar:
    zone = time_zone_of(form.time_zone, f"{path}: {where}time_zone", CalendarError)
    if not any(hours.days for hours in form.hours):
        raise CalendarError(f"{path}: {where}hours: no day has business hours")
    if form.holidays:
        try:
            form.holidays.check()
        except ValueError as wrong:
            raise CalendarError(f"{path}: {where}holidays: {wrong}") from None
    days: dict[date, DayPlan] = {}
    for key, plan in form.days.items():
        place = f"{path}: {where}days.{key}"
        try:
            named = list(_dates(key))
        except ValueError as wrong:
            raise CalendarError(f"{place}: {wrong}") from None
        if twice := next((day for day in named if day in days), None):
            raise CalendarError(f"{place}: {twice} is given twice")
        days |= dict.fromkeys(named, plan)
    return Calendar(zone, form.hours, form.holidays, form.half_day_ends, days)


def _dates(key: str) -> Iterator[date]:
    """Yield the days of `2026-12-24` or `2026-08-03/2026-08-07`. Raises ValueError."""
    written = _DATES.fullmatch(key)
    if written is None:
        raise ValueError("write a day like 2026-12-24, or days like 2026-08-03/2026-08-07")
    day, last = _date(written[1]), _date(written[2] or written[1])
    if not timedelta(0) <= last - day < _LONGEST:
        raise ValueError("must be a range from a day to a later one within a year")
    while day <= last:
        yield day
        day += timedelta(days=1)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a date of the calendar") from None
