"""Times as whole microseconds since 1970: exact, and quick to compare and store."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(micros: int) -> datetime:
    """Return the time in UTC; the inverse of `to_micros`."""
    return _EPOCH + timedelta(microseconds=micros)
