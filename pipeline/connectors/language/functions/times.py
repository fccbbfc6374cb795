"""Parses times as systems write them into aware datetimes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from pipeline.common.time_zones import time_zone
from pipeline.connectors.language.functions.function import Function
from pipeline.model.dead_letter import Invalid
from pipeline.sources import csv_cells

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d+))?\s*"
    r"(?P<zone>[Zz]|UTC|[+-]\d\d:?(?:\d\d)?)?"
)


class WithoutOffset(ValueError):  # noqa: N818 - a verdict on a value
    """A time has no offset, and its zone is unknown."""


def since_epoch(unit: timedelta, value: object) -> datetime:
    """Return the time so many units after 1970; the number may be a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("is no number of a time")
    try:
        # Whole numbers stay exact: a float holds no microseconds of today.
        number = int(value) if isinstance(value, int) else float(value)
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            number = int(value)
        return EPOCH + number * unit
    except (ValueError, OverflowError):
        raise ValueError(f"`{value!s:.40}` is no number of a time") from None


def epoch(value: object) -> datetime:
    """Return the time of a number since 1970 whose size shows its unit: s, ms or µs.

    Valid from 1973 to 5138; for systems that mix units.
    """
    try:
        digits = len(str(abs(int(float(str(value))))))
    except (ValueError, OverflowError):
        raise ValueError(f"`{value!s:.40}` is no number of a time") from None
    unit = next((unit for most, unit in _UNITS if digits <= most), timedelta(microseconds=1))
    return since_epoch(unit, value)


_UNITS = ((11, timedelta(seconds=1)), (14, timedelta(milliseconds=1)))
"""Most digits of numbers in each unit."""


def seconds_nanos(value: object) -> datetime:
    """Return the time of an object with `seconds` and `nanos`, as in Google's APIs."""
    if not isinstance(value, dict) or value.get("seconds") is None:
        raise ValueError("is no time with `seconds`")
    try:
        nanos = timedelta(microseconds=int(value.get("nanos") or 0) / 1_000)
        return since_epoch(timedelta(seconds=1), value["seconds"]) + nanos
    except (TypeError, OverflowError):
        raise ValueError("is no time with `seconds` and `nanos`") from None


def rfc3339(value: object) -> datetime:
    """Return a time with its offset; digits beyond microseconds are cut."""
    moment = _iso(value)
    if moment.tzinfo is None:
        raise WithoutOffset(f"`{value!s:.40}` has no offset from UTC")
    return moment


def utc(value: object) -> datetime:
    """Return a time, in UTC if it has no offset; a number counts from 1970.

    Some systems write a field as text in one API and as a number in another.
    """
    if isinstance(value, int | float):
        return epoch(value)
    moment = _iso(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def local(
    value: object, zone: object = None, *, timezone: object = None, months_first: object = None
) -> datetime:
    """Return the wall time of a zone (an IANA name), by default that of the connection.

    A time with an offset keeps it. It may be as tables have it: 31.01.2026 14:05, 31 Ocak 2026, or
    the number that Excel has for a time. `months_first` is of a file, as its other dates have it.
    """
    text = str(value).strip()
    if _ISO.fullmatch(text):
        moment = _iso(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone or timezone))
    try:
        return csv_cells.time(text, _zone(zone or timezone), months_first=bool(months_first))
    except (Invalid, OverflowError):
        raise ValueError(f"`{text:.40}` is no time such as 31.01.2026 14:05") from None


def wall_epoch_ms(value: object, zone: object = None, *, timezone: object = None) -> datetime:
    """Return the time of milliseconds since 1970 in the wall time of a zone, not in UTC."""
    moment = since_epoch(timedelta(milliseconds=1), value)
    return moment.replace(tzinfo=_zone(zone or timezone))


def rfc2822(value: object) -> datetime:
    """Return the time of a mail's `Date`, in UTC if it has no offset.

    Some services write it in ISO 8601.
    """
    if _ISO.fullmatch(str(value).strip()):
        return utc(value)
    try:
        moment = parsedate_to_datetime(str(value))
    except (ValueError, IndexError, TypeError):
        raise ValueError(f"`{value!s:.40}` is no time of an e-mail") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def plus_s(value: object, seconds: object) -> datetime | None:
    """Return the time so many seconds later."""
    if not isinstance(value, datetime):
        raise ValueError("is no time")
    if seconds is None:
        return None
    try:
        return value + timedelta(seconds=float(str(seconds)))
    except (ValueError, OverflowError):
        raise ValueError(f"cannot be {seconds!s:.40} seconds later") from None


def at_latest(value: object, other: object) -> datetime:
    """Return the earlier of two times: clocks of senders may be fast."""
    if not isinstance(value, datetime) or not isinstance(other, datetime):
        raise ValueError("is no time")
    return min(value, other)


def unix_s(value: object) -> int:
    """Return whole seconds since 1970, usable as a revision."""
    if not isinstance(value, datetime):
        raise ValueError("is no time")
    return int((value - EPOCH).total_seconds())


def as_utc(value: object) -> str:
    """Format a time for APIs, in whole seconds: 2026-01-31T11:05:00Z."""
    if not isinstance(value, datetime):
        raise ValueError("is no time")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _iso(value: object) -> datetime:
    found = _ISO.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"`{value!s:.40}` is no time such as 2026-01-31T14:05:00+03:00")
    micros = int((found["fraction"] or "")[:6].ljust(6, "0"))
    moment = datetime.fromisoformat(f"{found['date']}T{found['time']}")
    return moment.replace(microsecond=micros, tzinfo=_offset(found["zone"]))


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text.upper() in ("Z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text.startswith("-") else offset)


def _zone(name: object) -> ZoneInfo:
    if name is None:
        raise ValueError("is wall time: the connection must say in which `timezone`")
    return time_zone(str(name))


def _epoch(unit: timedelta) -> Function:
    return Function(lambda value: since_epoch(unit, value))


FUNCTIONS: Mapping[str, Function] = {
    "epoch": Function(epoch),
    "epoch_s": _epoch(timedelta(seconds=1)),
    "epoch_ms": _epoch(timedelta(milliseconds=1)),
    "epoch_us": _epoch(timedelta(microseconds=1)),
    "seconds_nanos": Function(seconds_nanos),
    "rfc3339": Function(rfc3339),
    "rfc2822": Function(rfc2822),
    "utc": Function(utc),
    "local": Function(local, range(2), ("timezone", "months_first")),
    "wall_epoch_ms": Function(wall_epoch_ms, range(2), ("timezone",)),
    "plus_s": Function(plus_s, range(1, 2)),
    "at_latest": Function(at_latest, range(1, 2)),
    "unix_s": Function(unix_s),
    "as_utc": Function(as_utc),
}
