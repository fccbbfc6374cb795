"""Maps files of other systems row by row: CSV, TSV, workbooks, JSON lines."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import BinaryIO

import msgspec

from pipeline.common.encodings import utf8_lines
from pipeline.connectors.binding import NOTHING
from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import nothing_remembered
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import Event
from pipeline.sources.csv_cells import plain_name
from pipeline.sources.source import Note, Said, Source, SourceLine
from pipeline.sources.table import Row, read_rows


def mapped(
    mapping: Mapping, connection: Connection, now: datetime, ignored: Callable[[str], None]
) -> Source:
    """Return a reader that maps the rows of files to events.

    `ignored` receives the reason for each row that is no event. Times without an offset are in the
    zone of the connection, or else in that of the reader.
    """

    def lines(file: BinaryIO, zone: tzinfo) -> Iterator[SourceLine | Note]:
        zoned = {"timezone": str(zone), **connection.settings}
        source = msgspec.structs.replace(connection, settings=zoned)
        events = partial(_events, mapping, source, now, ignored)
        if file.read(1) in (b"{", b"["):
            file.seek(0)
            yield from _json_lines(file, events)
        else:
            file.seek(0)
            yield from _table(file.read(), source, events)

    return lines


Events = Callable[[dict[str, object]], Iterator[Event]]
"""Maps a row to events. Raises Invalid."""


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


def _table(raw: bytes, connection: Connection, events: Events) -> Iterator[SourceLine | Note]:
    table = read_rows(raw)
    rows, columns = list(table.rows), connection.settings.get("columns") or ()
    names = [plain_name(name) for name in columns]
    if rows and (not names or [plain_name(cell) for cell in rows[0].cells] == names):
        columns = rows.pop(0).cells
    yield Note([table.said, Said("columns", {"columns": ", ".join(columns)})])
    for row in rows:
        content = row.raw.encode("utf-8", "surrogateescape")
        yield SourceLine(row.number, content, partial(_of_row, columns, row, events))


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
