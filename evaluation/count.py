"""A count of files of our own, made from the files alone: what Nabız should say of them.

It uses none of the pipeline's code for reading, validating or counting events.
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
"""Window, slice and what is counted there."""


class Row(NamedTuple):
    """A line that is valid, in the file's own terms."""

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
        """Complaints have a sequel, tweets have none."""
        return self.source != "twitter"

    @property
    def event_ids(self) -> list[str]:
        """The row's own event, then those of its sequel."""
        sequel = {
            "-reply": self.replied,
            "-resolved": self.resolved,
            "-csat": self.satisfaction is not None,
        }
        return [self.id, *(self.id + suffix for suffix, there in sequel.items() if there)]


class Files(NamedTuple):
    """What files hold: lines read, those of no use, and of each id the first row."""

    read: int
    bad: int
    rows: list[Row]

    @property
    def repeated(self) -> int:
        """Valid lines whose id had been there before."""
        return self.read - self.bad - len(self.rows)

    @property
    def event_ids(self) -> set[str]:
        """The ids of all events that the rows stand for."""
        return {event_id for row in self.rows for event_id in row.event_ids}


def read_files(paths: Iterable[Path]) -> Files:
    """Read JSON lines, plain or gzip; blank lines do not count."""
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
        and all(isinstance(one, str) and 0 < len(one) <= 200 for one in (row.id, row.author))
        and isinstance(row.text, str)
        and len(row.text) <= 20_000
        and (row.satisfaction is None or 1 <= row.satisfaction <= 5)
    )
    return row if usable else None


def figures_of_files(files: Files, alerts: Sequence[dict[str, Any]]) -> dict[Figure, float | None]:
    """Count everything from the rows; only who had an alert is taken from Nabız's `alerts`."""
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
    """The whole span, and every day (UTC) that has a row."""
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
    """The KPIs of these rows, by name; `/n` where a KPI rests on a number of cases.

    Of those that rest on how texts are read, as whether one only says thanks, there is the number.
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
