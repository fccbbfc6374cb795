"""Options that several commands have, and parsers of values: times, durations and lists."""

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from pipeline.common.durations import duration

CustomerOption = Annotated[
    str | None, typer.Option("--customer", metavar="ID", help="Of one customer.")
]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number.")]


def moment(text: str) -> datetime:
    """Parse RFC 3339 with offset; a bare date is refused, since days depend on the zone."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a time like 2026-01-31T09:00:00+03:00") from None
    if parsed.tzinfo is None:
        full = parsed.isoformat()  # a date alone has no time to put the offset behind
        raise typer.BadParameter(f"'{text}' lacks its offset, e.g. {full}+03:00 or {full}Z")
    return parsed


def moment_or_span(text: str, now: datetime) -> datetime:
    """Parse a time, or how long ago it is."""
    return now - span(text) if re.fullmatch(r"\d+[a-z]", text) else moment(text)


def span(text: str) -> timedelta:
    """Parse a duration: 90s, 15m, 1h, 7d."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not match or int(match[1]) == 0:
        raise typer.BadParameter(f"'{text}' is not a span like 90s, 15m, 1h or 7d")
    return duration(text)
