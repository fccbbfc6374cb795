"""Turns tables of Excel, survey tools and help desks into events.

Columns are known by their names, in Turkish or English (`csv_columns.yaml`); all others become
attributes. Times without an offset are of one zone.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, BinaryIO, NamedTuple

import msgspec

from pipeline.ingest.decode import parse_event
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import USUAL_SCALES, Event, Metric
from pipeline.model.event_types import EventType
from pipeline.sources.csv_cells import COLUMNS, month_first, number, plain_name, time, word
from pipeline.sources.source import Note, Said, SourceError, SourceLine, printable
from pipeline.sources.table import UNDECODED, Row, names_at, read_rows, said_above

CHANNEL = "file"
"""The default channel of events that are not survey answers."""

_NAMES = {field: [plain_name(name) for name in names] for field, names in COLUMNS.fields.items()}
_AS_THEY_ARE = (
    *("customer_id", "text", "title", "language", "touchpoint", "ticket_id", "order_id"),
    *("product", "segment", "account_id", "brand", "source"),
)


class Table(NamedTuple):
    """The columns of fields and attributes, and how times are parsed."""

    fields: Mapping[str, int]
    attributes: Mapping[str, int]
    width: int
    zone: tzinfo
    months_first: bool = False


def lines(file: BinaryIO, zone: tzinfo) -> Iterator[SourceLine | Note]:
    """Read a table, one of whose first rows names its columns. Raises SourceError."""
    sheet = read_rows(file.read(), _known)
    above = names_at(sheet.rows, _known)
    header, *rows = sheet.rows[above:] or [Row(1, "", ())]
    if not header.cells:
        return
    table = _table(header.cells, zone)
    at = table.fields["occurred_at"]
    table = table._replace(
        months_first=month_first(row.cells[at] for row in rows if at < len(row.cells))
    )
    zoned = Said("zone", {"zone": str(zone)})
    yield Note([sheet.said, *said_above(above), zoned, *_said(table, header.cells)])
    for row in rows:
        raw = row.raw.encode("utf-8", "surrogateescape")
        yield SourceLine(row.number, raw, partial(_events, table, row))


def _known(cells: Sequence[str]) -> int:
    return len(_fields(cells))


def _fields(header: Sequence[str]) -> dict[str, int]:
    """Return the column index of each field in the header."""
    names = [plain_name(name) for name in header]
    fields = {
        field: names.index(name)
        for field, known in _NAMES.items()
        if (name := next((one for one in known if one in names), None)) is not None
    }
    if "occurred_at" not in fields and "time_of_day" in fields:
        fields["occurred_at"] = fields.pop("time_of_day")
    return fields


def _table(header: Sequence[str], zone: tzinfo) -> Table:
    fields = _fields(header)
    for field in ("occurred_at", "customer_id"):
        if field not in fields:
            names = ", ".join(COLUMNS.fields[field][:3])
            raise SourceError(
                f"its header names no column for {field} (such as {names}; docs/events.md has "
                f"all): {printable(', '.join(header))[:200]}"
            )
    others = {name: at for at, name in enumerate(header) if name and at not in fields.values()}
    return Table(fields, others, len(header), zone)


def _said(table: Table, header: Sequence[str]) -> Iterator[Said]:
    """Yield how dates and columns are read."""
    if table.months_first:
        yield Said("months_first")
    known = (
        field if field == header[at] else f"{field} ({header[at]})"
        for field, at in table.fields.items()
    )
    yield Said("columns", {"columns": ", ".join(known)})
    if table.attributes:
        yield Said("attributes", {"columns": ", ".join(table.attributes)})


def _events(table: Table, row: Row) -> list[Event]:
    """Return the event of a row, plus one for each further score. Raises Invalid."""
    _check(table, row)
    cells = {field: row.cells[at] for field, at in table.fields.items() if at < len(row.cells)}
    cells = {field: cell for field, cell in cells.items() if cell}
    attributes = {
        name: _truth(row.cells[at])
        for name, at in table.attributes.items()
        if at < len(row.cells) and row.cells[at]
    }
    scores = list(_scores(cells))
    kind = word("type", cells.get("type", EventType.SURVEY if scores else EventType.MESSAGE))
    event: dict[str, Any] = {
        "event_id": cells.get("event_id") or _fingerprint(cells, attributes),
        "channel": cells.get("channel", kind if kind == EventType.SURVEY else CHANNEL),
        "type": kind,
        "attributes": attributes,
        **{name: cells[name] for name in _AS_THEY_ARE if name in cells},
    }
    if "occurred_at" in cells:
        when = " ".join(filter(None, (cells["occurred_at"], cells.get("time_of_day"))))
        event["occurred_at"] = time(when, table.zone, months_first=table.months_first)
    if "author_type" in cells:
        event["author_type"] = word("author_type", cells["author_type"])
    if revision := cells.get("revision"):
        event["revision"] = int(revision) if revision.isdecimal() else revision
    return [parse_event(msgspec.json.encode(one)) for one in _by_score(event, scores)]


def _check(table: Table, row: Row) -> None:
    if row.problem:
        raise Invalid(Reason.WRONG_TYPE, row.problem)
    if any(row.cells[table.width :]):
        raise Invalid(
            Reason.WRONG_TYPE,
            f"The row has {len(row.cells)} cells, the first one has {table.width}: put a text that "
            "holds the separator in quotes.",
        )
    if UNDECODED.search(row.raw):
        raise Invalid(
            Reason.NOT_UTF8, "The row is not UTF-8, as the rest is: save the file as “CSV UTF-8”."
        )


def _scores(cells: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """Yield the scores: that of the column `score`, and those of the columns of a metric."""
    if "score" in cells:
        metric = word("metric", cells.get("metric", Metric.RATING))
        low, high = USUAL_SCALES.get(metric, (0, 0))
        yield {
            "metric": metric,
            "value": number("score", cells["score"]),
            "scale_min": number("scale_min", cells["scale_min"]) if "scale_min" in cells else low,
            "scale_max": number("scale_max", cells["scale_max"]) if "scale_max" in cells else high,
        }
    for metric, (low, high) in USUAL_SCALES.items():
        if metric in cells:
            value = number(metric, cells[metric])
            yield {"metric": metric, "value": value, "scale_min": low, "scale_max": high}


def _by_score(
    event: dict[str, Any], scores: Sequence[dict[str, object]]
) -> Iterator[dict[str, Any]]:
    """Make one event for each score, since an event has at most one."""
    yield {**event, "score": scores[0]} if scores else event
    bare = {name: value for name, value in event.items() if name not in ("text", "title")}
    for score in scores[1:]:
        event_id = f"{event['event_id']}-{score['metric']}"
        yield {**bare, "event_id": event_id, "type": EventType.SURVEY, "score": score}


def _truth(cell: str) -> str | bool:
    """Parse TRUE and FALSE in the language of Excel's user; other cells stay text."""
    said = word("attributes", cell)
    return said == "true" if said in ("true", "false") else cell


def _fingerprint(cells: Mapping[str, str], attributes: Mapping[str, object]) -> str:
    """Return a content hash as the id of a row without one."""
    content = msgspec.json.encode([sorted(cells.items()), sorted(attributes.items())])
    return f"csv-{hashlib.sha256(content).hexdigest()[:32]}"
