"""Compare what a running Nabız says of files with a count of our own, made from the files alone.

    python -m evaluation.reconcile --data DIR FILE...

The files are complaints and tweets, as `nabiz replay` takes them, told apart by their `source`.
The store must hold them and nothing else. Exit code 0: all figures agree; 1: a table shows which
do not. The count uses none of the pipeline's code for reading, validating or counting events.
"""

import argparse
import gzip
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from rich.console import Console
from rich.table import Table

from pipeline.cli.target import ask, find
from pipeline.settings import Settings

DAY = timedelta(days=1)
SILENCE = timedelta(days=7)
"""First-contact resolution: no other complaint so long after the case was closed."""
AFTER_COMPLAINT = timedelta(seconds=2)
"""A replayed complaint is closed so long after it was written."""

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


class Difference(NamedTuple):
    """A figure that the files and Nabız give differently."""

    figure: Figure
    files: float | None
    nabiz: float | None


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
        fields = json.loads(line.decode())
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
    complaints: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in files.rows:
        if row.is_complaint:
            complaints[row.author].append(row.at)
    for window, (start, end) in _windows(files.rows).items():
        rows = [row for row in files.rows if start <= row.at < end]
        open_then = {
            alert["customer_id"]
            for alert in alerts
            if _time(alert["opened_at"]) < end
            and (alert["closed_at"] is None or _time(alert["closed_at"]) >= start)
        }
        for slice_, part in _slices(rows, by_dimension=window == "all").items():
            for name, value in _count(part, complaints, open_then).items():
                figures[window, slice_, name] = value
    return figures


def _windows(rows: Sequence[Row]) -> dict[str, tuple[datetime, datetime]]:
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


def _count(
    rows: Sequence[Row], complaints: dict[str, list[datetime]], open_then: set[str]
) -> dict[str, float | None]:
    """The KPIs of these rows, by name; `/n` where a KPI rests on a number of cases."""
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
            closed = row.at + AFTER_COMPLAINT
            counts["resolved"] += 1
            counts["silent"] += not any(
                closed < other <= closed + SILENCE for other in complaints[row.author]
            )
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
        "first_response_median/n": counts["replied"],
        "first_response_open": counts["waiting"],
        "resolution_first_median/n": counts["resolved"],
        "resolution_open": counts["unresolved"],
        "first_contact_resolution": _percent(counts["silent"], counts["resolved"]),
    }


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def figures_of_nabiz(settings: Settings, rows: Sequence[Row]) -> dict[Figure, float | None]:
    """Ask the running Nabız for the same figures, and for all others that it knows."""
    stored = _ask(settings, "/v1/status")["store"]["rows"]
    figures: dict[Figure, float | None] = {
        ("all", "", "stored events"): stored["events"],
        ("all", "", "dead letters"): stored["dead_letters"],
    }
    for window, (start, end) in _windows(rows).items():
        for by in ("", "brand", "source") if window == "all" else ("",):
            span: dict[str, object] = {
                "from": start.isoformat(),
                "to": end.isoformat(),
                "by": by or [],
            }
            for kpi in _ask(settings, "/v1/kpis", span):
                if (_time(kpi["window_start"]), _time(kpi["window_end"])) != (start, end):
                    raise RuntimeError(f"asked for {span}, answered for another window: {kpi}")
                slice_ = "".join(f"{name}={value}" for name, value in kpi["slice"].items())
                figures[window, slice_, kpi["kpi"]] = kpi["value"]
                figures[window, slice_, f"{kpi['kpi']}/n"] = kpi["n"]
    return figures


def alerts_of(settings: Settings) -> list[dict[str, Any]]:
    """Return the alerts that stand, at most 10,000; those withdrawn are not among them."""
    alerts: list[dict[str, Any]] = _ask(settings, "/v1/alerts", {"limit": 10_000})
    return alerts


def differences(files: Files, settings: Settings) -> list[Difference]:
    """Return every figure that differs; empty where everything agrees."""
    return list(_compare(files, settings))


def _compare(files: Files, settings: Settings) -> Iterator[Difference]:
    expected = figures_of_files(files, alerts_of(settings))
    found = figures_of_nabiz(settings, files.rows)
    for figure, value in expected.items():
        if not _equal(value, found.get(figure)):
            yield Difference(figure, value, found.get(figure))
    known = {(window, slice_) for window, slice_, _ in expected}
    for window, slice_, name in found:
        if (window, slice_) not in known:
            yield Difference((window, slice_, name), None, found[window, slice_, name])


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= 1e-9 * max(1.0, abs(one))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _ask(settings: Settings, path: str, params: dict[str, object] | None = None) -> Any:
    return ask(settings, "GET", path, object, params=params or {}).value


def fingerprint(ids: Iterable[str]) -> str:
    """Return a short digest of a set of ids, to compare two runs by eye."""
    return hashlib.blake2b("\n".join(sorted(ids)).encode(), digest_size=6).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.reconcile",
        description="Compare a running Nabız with a count made from the files it was fed.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of a running `nabiz up`")
    parser.add_argument("files", type=Path, nargs="+", help="JSON lines, plain or gzip")
    given = parser.parse_args(arguments)
    settings, files, console = find(given.data), read_files(given.files), Console()
    found = differences(files, settings)
    ids = {alert["id"] for alert in alerts_of(settings)}
    console.print(
        f"{files.read:,} lines read: {len(files.rows):,} rows, {files.repeated:,} repeated, "
        f"{files.bad:,} of no use; {len(files.event_ids):,} events\n"
        f"{len(ids):,} alerts, fingerprint {fingerprint(ids)}",
        highlight=False,
    )
    if not found:
        console.print("all figures agree")
        return 0
    table = Table("window", "slice", "figure", "files", "Nabız", box=None)
    for difference in found:
        table.add_row(*difference.figure, str(difference.files), str(difference.nabiz))
    console.print(table)
    return 1


if __name__ == "__main__":
    sys.exit(main())
