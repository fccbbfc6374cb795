"""Time zones by their names."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name, as Europe/Istanbul. Raises ValueError if it is unknown.

    `ZoneInfo` raises OSError for a name like Europe, which is a folder of its files.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no zone `{name}`") from None


def time_zone_of(name: str, field: str, error: Callable[[str], Exception]) -> ZoneInfo:
    """Return the zone named by a field of a file. Raises `error` with the field in its text."""
    try:
        return time_zone(name)
    except ValueError as wrong:
        raise error(f"{field}: {wrong}") from None
