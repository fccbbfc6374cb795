"""Time zones by their names."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name, as Europe/Istanbul. Raises ValueError where there is none.

    `ZoneInfo` raises OSError for a name like Europe, which is a folder of its files.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no zone `{name}`") from None
