"""Rows of tables as Excel, survey tools and switchboards export them: CSV, TSV, workbooks.

The encoding and the separator of a text are found; of a workbook the first sheet with rows is read.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import accumulate, islice
from statistics import mode
from typing import Any, NamedTuple

import python_calamine

from pipeline.common.encodings import marked_encoding
from pipeline.sources.source import Said, SourceError

WITHOUT_MARK = "windows-1254"
"""The encoding of a Turkish Excel that does not write UTF-8."""
SEPARATORS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}

UNDECODED = re.compile("[\udc80-\udcff]")
"""Bytes of a row that are no UTF-8 in a text that is."""
_NOT_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
_SAID_SEPARATOR = re.compile(r"sep=([;,\t|])\s*", re.IGNORECASE)
_BEGINNING = 20
"""So many rows from the first on may be titles, or name the columns."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How .xlsx and .ods begin, and .xls."""


class Row(NamedTuple):
    """The cells of a row and its first line number; `problem` says why there are none."""

    number: int
    raw: str
    cells: Sequence[str]
    problem: str = ""


class Rows(NamedTuple):
    """The rows of a table, without blank ones, and how it was read."""

    rows: Sequence[Row]
    said: Said


Known = Callable[[Sequence[str]], int]
"""Says how many of some cells are names of columns that are looked for."""


def read_rows(raw: bytes, known: Known) -> Rows:
    """Return the rows of a text or a workbook. Raises SourceError.

    The separator of a text is the one that leads to most names that are known, else that which
    splits its first lines most.
    """
    if raw.startswith(_WORKBOOKS):
        return _workbook(raw)
    text, encoding = _decoded(raw)
    physical = list(io.StringIO(text, newline=""))
    start, separator = _separator(physical, known)
    said = Said(f"text.{SEPARATORS[separator]}", {"encoding": encoding})
    return Rows(_rows(physical, start, separator), said)


def names_at(rows: Sequence[Row], known: Known) -> int:
    """Return the index of the row that names the columns; titles may stand above it.

    It has most of the names that are known. Where none is known, it is the first row that has no
    fewer filled cells than each that follows; one that is wider than most is none to go by.
    """
    beginning = rows[:_BEGINNING]
    names = [known(row.cells) for row in beginning]
    if any(names):
        return names.index(max(names))
    counts = [(len(row.cells), sum(map(bool, row.cells))) for row in rows]
    usual = mode([width for width, filled in counts if filled > 1] or [1])
    filled = [filled if width <= usual else 0 for width, filled in counts]
    most = [*accumulate(reversed(filled), max)][::-1]  # from each row on
    return next((at for at in range(len(beginning)) if filled[at] == most[at]), 0)


def said_above(count: int) -> Iterator[Said]:
    """Yield how many rows stand above the names of the columns, where there are some."""
    if count > 0:
        yield Said("above", {"count": str(count)})


def _workbook(raw: bytes) -> Rows:
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                rows = [_of_sheet(number, cells) for number, cells in enumerate(sheet, start=1)]
                if filled := [row for row in rows if any(row.cells)]:
                    return Rows(filled, Said("workbook", {"sheet": name}))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise SourceError(f"it is no workbook that can be read ({error})") from None
    return Rows([], Said("workbook.empty"))


def _of_sheet(number: int, cells: Sequence[Any]) -> Row:
    texts = [_text(cell) for cell in cells]
    return Row(number, ";".join(texts), texts)


def _text(cell: Any) -> str:
    """Return a cell as a text: whole numbers without a point, times as ISO 8601."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()


def _decoded(raw: bytes) -> tuple[str, str]:
    """Return the text and its encoding; invalid bytes in a UTF-8 text become lone surrogates.

    Without a mark it is UTF-8 if more letters are in UTF-8 than not.
    """
    if (marked := marked_encoding(raw)) not in (None, "utf-8-sig"):
        return raw.decode(marked, "replace"), marked
    text = raw.decode(marked or "utf-8", "surrogateescape")
    if 4 * text.count("\0") > len(text):
        raise SourceError("it is UTF-16 without a byte order mark: save it as “CSV UTF-8”")
    if len(UNDECODED.findall(text)) <= len(_NOT_ASCII.findall(text)):
        return text, "utf-8"
    return raw.decode(WITHOUT_MARK, "replace"), WITHOUT_MARK


def _separator(physical: Sequence[str], known: Known) -> tuple[int, str]:
    """Return the index of the first line of the table, and its separator.

    That is what a first line `sep=;` says, as Excel knows it.
    """
    filled = (at for at, line in enumerate(physical) if line.strip())
    beginning = list(islice(filled, _BEGINNING))
    if beginning and (said := _SAID_SEPARATOR.fullmatch(physical[beginning[0]])):
        return beginning[0] + 1, said[1]

    def found(separator: str) -> tuple[int, list[int]]:
        cells = [_row(physical, at, separator)[0].cells for at in beginning]
        return max(map(known, cells), default=0), [len(row) for row in cells]

    return 0, max(SEPARATORS, key=found)


def _rows(physical: Sequence[str], start: int, separator: str) -> list[Row]:
    """Split lines into rows, without blank ones; resume after an unterminated quote."""
    rows = []
    while start < len(physical):
        row, used = _row(physical, start, separator)
        if row.problem or any(row.cells):
            rows.append(row)
        start += used
    return rows


def _row(physical: Sequence[str], start: int, separator: str) -> tuple[Row, int]:
    """Return the row that starts at a line, and its number of lines."""
    rest = (physical[at] for at in range(start, len(physical)))
    reader = csv.reader(rest, delimiter=separator, strict=True)
    try:
        cells = [cell.strip() for cell in next(reader)]
    except csv.Error as error:
        problem = f"The row's quotes are not in order: {error}."
        return Row(start + 1, physical[start], (), problem), 1
    used = reader.line_num
    return Row(start + 1, "".join(physical[start : start + used]), cells), used
