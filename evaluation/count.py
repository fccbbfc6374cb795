"""Counts from files alone the figures that Nabız should report about them.

It does not use the pipeline's code for reading, validating or counting events.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

DAY = timedelta(days=1)

Figure: TypeAlias = tuple[str, str, str]
"""Window, slice and name of a figure."""


class Row(NamedTuple):
    """A valid line, in the terms of the file."""

    id: str
    at: datetime
    author: str
    brand: str
    source: str
    text: str
    replied: bool
    resolved: bool
    satisfaction: float | None

    @property
    def is_complaint(self) -> bool:
        """Whether the row is a complaint, which may have a sequel, and not a tweet."""
        return self.source != "twitter"

    @property
    def event_ids(self) -> list[str]:
        """The ids of the row's event and of its sequel."""
        sequel = {
            "-reply": self.replied,
            "-resolved": self.resolved,
            "-csat": self.satisfaction is not None,
        }
        return [self.id, *(self.id + suffix for suffix, there in sequel.items() if there)]


class Files(NamedTuple):
    """The content of files: numbers of lines and invalid lines, and the first row of each id."""

    read: int
    bad: int
    rows: list[Row]

    @property
    def repeated(self) -> int:
        """Number of valid lines whose id occurred before."""
        return self.read - self.bad - len(self.rows)

    @property
    def event_ids(self) -> set[str]:
        """The ids of all events of the rows."""
        return {event_id for row in self.rows for event_id in row.event_ids}


def read_files(paths: Iterable[Path]) -> Files:
    """Read JSON lines, plain or gzip, ignoring blank ones."""
    read, bad = 0, 0
    rows: dict[str, Row] = {}
    for path in paths:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for line in filter(None, map(bytes.strip, lines)):
                read += 1
                row = _row(line)
                if row is None:
                    bad += 1
                else:
                    rows.setdefault(row.id, row)
    return Files(read, bad, list(rows.values()))


def _row(line: bytes) -> Row | None:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
        at = datetime.fromisoformat(fields["occurred_at"])
        row = Row(
            fields["id"],
            at,
            fields["author"],
            fields.get("brand") or "",
            fields["source"],
            fields["text"],
            bool(fields.get("company_reply")),
            bool(fields.get("resolved")),
            fields.get("satisfaction"),
        )
    except (ValueError, KeyError, TypeError):
        return None
    usable = (
        at.tzinfo is not None
        and all(isinstance(text, str) and 0 < len(text) <= 200 for text in (row.id, row.author))
        and isinstance(row.text, str)
        and len(row.text) <= 20_000
        and (row.satisfaction is None or 1 <= row.satisfaction <= 5)
    )
    return row if usable else None


def figures_of_files(files: Files, alerts: Sequence[dict[str, Any]]) -> dict[Figure, float | None]:
    """Count all figures from the rows; only the customers with alerts come from `alerts`."""
    figures: dict[Figure, float | None] = {
        ("all", "", "stored events"): len(files.event_ids),
        ("all", "", "dead letters"): files.bad,
    }
    for window, (start, end) in windows(files.rows).items():
        rows = [row for row in files.rows if start <= row.at < end]
        open_then = {
            alert["customer_id"]
            for alert in alerts
            if datetime.fromisoformat(alert["opened_at"]) < end
            and (alert["closed_at"] is None or datetime.fromisoformat(alert["closed_at"]) >= start)
        }
        for slice_, part in _slices(rows, by_dimension=window == "all").items():
            for name, value in _count(part, open_then).items():
                figures[window, slice_, name] = value
    return figures


def windows(rows: Sequence[Row]) -> dict[str, tuple[datetime, datetime]]:
    """Return the windows: the whole span, and every day (UTC) with a row."""
    days = sorted({row.at.astimezone(UTC).date() for row in rows})
    starts = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
    if not starts:
        return {}
    return {"all": (starts[0], starts[-1] + DAY)} | {
        f"{start:%Y-%m-%d}": (start, start + DAY) for start in starts
    }


def _slices(rows: Sequence[Row], *, by_dimension: bool) -> dict[str, list[Row]]:
    slices: defaultdict[str, list[Row]] = defaultdict(list, {"": list(rows)})
    if by_dimension:
        for row in rows:
            slices[f"brand={row.brand}"].append(row)
            slices[f"source={row.source}"].append(row)
    return slices


def _count(rows: Sequence[Row], open_then: set[str]) -> dict[str, float | None]:
    """Return the KPIs of rows by name; the name with `/n` is the number of cases.

    For KPIs that depend on how texts are read, there is only the number.
    """
    counts: Counter[str] = Counter()
    marks: list[float] = []
    for row in rows:
        counts["events"] += len(row.event_ids)
        counts["texts"] += bool(row.text)
        if row.satisfaction is not None:
            marks.append(row.satisfaction)
        if row.is_complaint:
            counts["complaints"] += 1
            counts["replied"] += row.replied
            counts["waiting"] += not row.replied and not row.resolved
            counts["unresolved"] += not row.resolved
        if row.resolved:
            counts["resolved"] += 1
    authors = {row.author for row in rows}
    return {
        "events": counts["events"],
        "texts": counts["texts"],
        "complaints": counts["complaints"],
        "active_customers": len(authors),
        "csat": _percent(sum(mark >= 4 for mark in marks), len(marks)),
        "csat/n": len(marks),
        "csat_mean": sum(marks) / len(marks) if marks else None,
        "nps/n": 0,
        "ces/n": 0,
        "net_sentiment/n": counts["texts"],
        "negative_customers": _percent(len(authors & open_then), len(authors)),
        "first_response_median/n": counts["replied"] + counts["waiting"],
        "first_response_open": counts["waiting"],
        "resolution_first_median/n": counts["resolved"] + counts["unresolved"],
        "resolution_open": counts["unresolved"],
        "first_contact_resolution/n": counts["resolved"],
    }


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
