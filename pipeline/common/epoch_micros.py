"""Times as whole microseconds since 1970: exact, and quick to compare and store."""

from datetime import UTC, datetime, timedelta

FIRST_YEAR, LAST_YEAR = 1970, 2105
"""Those of times that the store can hold, and that are a time in every zone."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(micros: int) -> datetime:
    """Return the time in UTC; the inverse of `to_micros`."""
    return _EPOCH + timedelta(microseconds=micros)
