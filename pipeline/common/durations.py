"""Durations as the files in `rules/` and `desk/` write them: `30s`, `5m`, `2h`, `7d`."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

Duration = Annotated[str, Meta(pattern=r"^[0-9]{1,4}[smhd]\Z", description="30s, 5m, 2h, 7d")]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: Duration) -> timedelta:
    """Parse `30s`, `5m`, `2h` or `7d`."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
