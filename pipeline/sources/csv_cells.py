"""Parses cells of CSV exports into numbers and times."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from importlib.resources import files

import msgspec

from pipeline.common.plain_text import bare
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event_types import EventType


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`csv_columns.yaml`: column names of each field, synonyms in cells, month names."""

    fields: Mapping[str, Sequence[str]]
    cells: Mapping[str, Mapping[str, Sequence[str]]]
    months: Sequence[Sequence[str]]


def plain_name(text: str) -> str:
    """Normalise a column name for comparison: lower-case letters and digits without diacritics."""
    return "".join(one for one in bare(text) if one.isalnum())


COLUMNS = msgspec.yaml.decode(
    files(__package__).joinpath("csv_columns.yaml").read_bytes(), type=Columns
)
_WORDS = {
    field: {plain_name(word): name for name, words in names.items() for word in words}
    for field, names in COLUMNS.cells.items()
}
_WORDS["type"] = {
    **{plain_name(name): str(type_) for type_ in EventType for name in type_.names.values()},
    **_WORDS["type"],
}
_MONTHS = {
    plain_name(name): number
    for number, names in enumerate(COLUMNS.months, start=1)
    for name in names
}
_TIME = re.compile(
    r"(\d{1,2})[./ -]+(\d{1,2}|[^\W\d_]+)\.?[./, -]+(\d{4}|\d\d)"
    r"(?:,?[ T-]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?(?:\s*([ap]\.?m\.?|öö|ös))?)?",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")
_FIRST_DAY = datetime(1899, 12, 30)
"""Day 0 of Excel, which takes 1900 for a leap year; days are counted here from March 1900 on."""
_HALVES = {"am": 0, "oo": 0, "pm": 12, "os": 12}
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/\d")


def word(field: str, cell: str) -> str:
    """Return our word for a cell's value, or the cell itself if there is none."""
    return _WORDS[field].get(plain_name(cell), cell)


def number(field: str, cell: str) -> float:
    """Read a number with a decimal comma or point. Raises Invalid."""
    text = "".join(cell.split())
    if text.rfind(",") > text.rfind(".") or text.count(".") > 1:
        text = text.replace(".", "").replace(",", ".")
    else:
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Invalid(Reason.WRONG_TYPE, f"`{field}` is not a number such as 4 or 4,5.")
    return value


def month_first(cells: Iterable[str]) -> bool:
    """Return whether dates with slashes are month first: some must be, and none cannot be.

    Cells that are no times are none to go by.
    """
    pairs = [
        (int(found[1]), int(found[2]))
        for cell in cells
        if (found := _SLASHES.match(cell)) and _TIME.fullmatch(cell)
    ]
    return any(second > 12 for _, second in pairs) and all(first <= 12 for first, _ in pairs)


def time(cell: str, zone: tzinfo, *, months_first: bool = False) -> datetime:
    """Parse a time such as 31.01.2026 14:05, an ISO 8601 time, or an Excel serial number.

    Without an offset it is of `zone`. Raises Invalid.
    """
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        moment = _local(cell, months_first=months_first)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _local(cell: str, *, months_first: bool) -> datetime:
    if _SERIAL.fullmatch(cell):
        return _FIRST_DAY + timedelta(seconds=round(86_400 * float(cell.replace(",", "."))))
    found = _TIME.fullmatch(cell)
    try:
        if not found:
            raise ValueError
        first, second, year, hour, minute, seconds, half = found.groups()
        day, month = (second, first) if months_first and "/" in cell else (first, second)
        return datetime(
            int(year) if len(year) == 4 else 2_000 + int(year),
            int(month) if month.isdecimal() else _MONTHS.get(plain_name(month), 0),
            int(day),
            _hour(int(hour or 0), plain_name(half or "")),
            int(minute or 0),
            int(seconds or 0),
        )
    except ValueError:
        raise Invalid(
            Reason.WRONG_TYPE,
            "`occurred_at` is not a time such as 31.01.2026 14:05 or 2026-01-31T14:05:00+03:00.",
        ) from None


def _hour(hour: int, half: str) -> int:
    return hour % 12 + _HALVES[half] if half else hour
