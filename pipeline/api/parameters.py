"""Parses query parameters, and refuses invalid ones with an explanation."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, cast

from litestar.params import QueryParameter

from pipeline.common.epoch_micros import FIRST_YEAR, LAST_YEAR
from pipeline.common.refused import Refused
from pipeline.kpi.definitions import DIMENSIONS, Dimension

_TIME = {"format": "date-time"}
Time = Annotated[str | None, QueryParameter(description="RFC 3339 with offset", schema_extra=_TIME)]
From = Annotated[
    str | None,
    QueryParameter(name="from", description="start, RFC 3339 with offset", schema_extra=_TIME),
]
To = Annotated[
    str | None, QueryParameter(name="to", description="end, not included", schema_extra=_TIME)
]
By = Annotated[
    list[str] | None,
    QueryParameter(description=f"any of {', '.join(DIMENSIONS)}; repeated or with commas"),
]
Limit = Annotated[int, QueryParameter(ge=1, le=10_000, description="most results, newest first")]


def moment(name: str, text: str | None) -> datetime | None:
    """Parse the time of the parameter `name`.

    Raises Refused if it has no offset, or if the store cannot hold its year.
    """
    if text is None:
        return None
    try:
        # An unescaped + in a URL arrives as a space.
        parsed = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text))
    except ValueError:
        raise Refused(f"{name}: '{text}' is not a time like 2026-01-31T09:00:00+03:00") from None
    if parsed.tzinfo is None:
        raise Refused(f"{name}: '{text}' lacks its offset: append Z or an offset like +03:00")
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise Refused(f"{name}: the year of '{text}' must be from {FIRST_YEAR} to {LAST_YEAR}")
    return parsed


def dimensions(texts: Iterable[str]) -> list[Dimension]:
    """Parse names that are repeated or separated by commas. Raises Refused for an unknown one."""
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    for name in names:
        if name not in DIMENSIONS:
            raise Refused(f"by: unknown dimension '{name}'; use one of {', '.join(DIMENSIONS)}")
    return cast(list[Dimension], names)
