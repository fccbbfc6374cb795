"""Maps files of other systems row by row: CSV, TSV, workbooks, JSON lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import BinaryIO, NamedTuple

import msgspec

from pipeline.common.encodings import utf8_lines
from pipeline.connectors.binding import NOTHING
from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import nothing_remembered
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event
from pipeline.sources.csv_cells import month_first, plain_name
from pipeline.sources.source import Note, Said, Source, SourceLine
from pipeline.sources.table import Row, names_at, read_rows, said_above


def mapped(
    mapping: Mapping, connection: Connection, now: datetime, ignored: Callable[[str], None]
) -> Source:
    """Return a reader that maps the rows of files to events.

    `ignored` is told the reason for each row that is no event. Times without an offset are of the
    zone of the connection, or else of that which the reader is given; dates with slashes are month
    first where some of the file can be nothing else.
    """

    def lines(file: BinaryIO, zone: tzinfo) -> Iterator[SourceLine | Note]:
        begins, _ = file.read(1), file.seek(0)
        if begins in (b"{", b"["):
            dates = (date for line in utf8_lines(file) for date in _DATE.findall(line))
            months_first = month_first(date.decode(errors="replace") for date in dates)
            source = _dated(connection, zone, months_first=months_first)
            file.seek(0)
            yield from _json_lines(file, partial(_events, mapping, source, now, ignored))
        else:
            table = _table(file.read(), connection, _names(mapping, connection))
            months_first = month_first(cell for row in table.rows for cell in row.cells)
            source = _dated(connection, zone, months_first=months_first)
            yield Note([*table.said, *([Said("months_first")] if months_first else [])])
            yield from _rows(table, partial(_events, mapping, source, now, ignored))

    return lines


Events = Callable[[dict[str, object]], Iterator[Event]]
"""Maps a row to events. Raises Invalid."""
_DATE = re.compile(rb'"(\d{1,2}/\d{1,2}/\d[^"]*)"')


def _dated(connection: Connection, zone: tzinfo, *, months_first: bool) -> Connection:
    """Return a connection that knows how times in a file are read."""
    settings = {"timezone": str(zone), **connection.settings, "months_first": months_first}
    return msgspec.structs.replace(connection, settings=settings)


def _json_lines(file: BinaryIO, events: Events) -> Iterator[SourceLine]:
    for number, line in enumerate(utf8_lines(file), start=1):
        if raw := line.strip():
            yield SourceLine(number, raw, partial(_of_line, raw, events))


def _of_line(raw: bytes, events: Events) -> Iterator[Event]:
    try:
        row = msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(Reason.NOT_JSON, f"The line is no JSON object: {error}.") from None
    yield from events(row)


class Table(NamedTuple):
    """The rows of a file below the names of its columns, and how it was read."""

    columns: Sequence[str]
    rows: Sequence[Row]
    said: Sequence[Said]


def _table(raw: bytes, connection: Connection, names: frozenset[str]) -> Table:
    """Return the table in a file. Raises SourceError.

    A connection that lists the columns may have files without a row of names: one is taken for
    that where most of it is known.
    """

    def known(cells: Sequence[str]) -> int:
        return len(names.intersection(map(plain_name, cells)))

    rows, read_as = read_rows(raw, known)
    above = names_at(rows, known)
    header = rows[above].cells if rows else ()
    listed = connection.settings.get("columns")
    if isinstance(listed, list) and 2 * known(header) <= sum(map(bool, header)):
        header, above = listed, -1
    said = [read_as, *said_above(above), Said("columns", {"columns": ", ".join(header)})]
    return Table(header, rows[above + 1 :], said)


def _names(mapping: Mapping, connection: Connection) -> frozenset[str]:
    """Return the plain names of columns that the mapping or the connection knows."""
    settings = connection.settings
    columns = settings.get("columns") or ()
    configured = columns.values() if isinstance(columns, dict) else columns
    fields = (settings.get("customer_id"), settings.get("order_id"))
    names = (*mapping.columns, *configured, *fields, *(settings.get("questions") or ()))
    return frozenset(plain_name(str(name)) for name in names if name)


def _rows(table: Table, events: Events) -> Iterator[SourceLine]:
    for row in table.rows:
        content = row.raw.encode("utf-8", "surrogateescape")
        yield SourceLine(row.number, content, partial(_of_row, table.columns, row, events))


def _of_row(columns: Sequence[str], row: Row, events: Events) -> Iterator[Event]:
    if row.problem:
        raise Invalid(Reason.WRONG_TYPE, row.problem)
    yield from events(dict(zip(columns, row.cells, strict=False)))


def _events(
    mapping: Mapping,
    connection: Connection,
    now: datetime,
    ignored: Callable[[str], None],
    row: dict[str, object],
) -> Iterator[Event]:
    """Yield the valid events of a row, then raise Invalid if any part is refused."""
    body = msgspec.json.encode({"rows": [row]})
    delivery = Delivery(connection.name, now, body, method="FILE")
    draft = mapping.map(delivery, connection, nothing_remembered, NOTHING)
    yield from draft.events
    for reason in (*draft.ignored, *draft.unmapped):
        ignored(reason)
    for invalid in draft.refused:
        raise invalid
