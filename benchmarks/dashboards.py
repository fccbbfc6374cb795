"""How long each panel's query takes on chDB, over the time range that its dashboard opens with.

usage: python -m benchmarks.dashboards [--events N] [--save]

The store is filled with copies of a week of the simulated company, spread over 30 days. 10 million
events need 5 GB of disk.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.company import company_days
from benchmarks.host import described
from benchmarks.markdown import table
from grafana.plugin import expand
from pipeline.micros import to_micros
from pipeline.setting_groups import ROOT
from pipeline.store import Backend, Store
from pipeline.store.chdb import ChdbBackend
from pipeline.store.sql import query

EVENTS = 10_000_000
LIMIT_MS = 1_000
"""The slowest query of a dashboard has to stay under it."""

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK, SPAN = timedelta(days=7), timedelta(days=30)
END = START + SPAN

CUSTOMERS = 2_000
AT_ONCE = 1_000_000
REPEATS = 3
POINTS = 48
RESULTS = ROOT / "benchmarks" / "results" / "dashboards.json"
ALL: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("brand", "channel", "touchpoint", "segment", "language"), ()),
    "enough": ("20",),
    "customer": ("",),
}


class Panel(msgspec.Struct, frozen=True):
    """A query, the days that it is asked of, and its times: the medians of some runs.

    `cpu_ms` is of all threads: what else runs on the machine makes the wall time longer, not this.
    """

    dashboard: str
    title: str
    days: float
    ms: float
    cpu_ms: float


def measure(events: int, folder: Path, report: Callable[[str], None]) -> list[Panel]:
    """Fill a store with about as many events and time every query, the slowest first."""
    backend = ChdbBackend(folder)
    try:
        fill(backend, events, report)
        report(f"stored: {store_counts(backend)}")
        panels = [_timed(backend, *one) for one in queries()]
    finally:
        backend.close()
    return sorted(panels, key=lambda panel: -panel.ms)


def store_counts(backend: Backend) -> str:
    """Say how many rows there are."""
    counts = Store(backend).counts()
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))


def fill(backend: Backend, events: int, report: Callable[[str], None]) -> None:
    """Store copies of a simulated week, with the tables that are formed from them."""
    store = Store(backend)
    store.migrate()
    week = company_days(7, START, CUSTOMERS, WEEK.days)
    store.write_events(week.scored)
    store.write_alerts(week.alerts)
    for source, sample in (("events", "sample"), ("alerts", "sample_alerts")):
        backend.execute(f"CREATE TABLE {sample} AS {source} ENGINE = Memory")
        backend.execute(f"INSERT INTO {sample} SELECT * FROM {source}")
    for emptied in ("events", "timelines", "known_events", "kpi_minutes", "alerts"):
        backend.execute(f"TRUNCATE TABLE {emptied}")
    # Of a week that begins in the last one, half is cut off on average.
    kept = 1 - WEEK / SPAN / 2
    copies = max(1, round(events / len(week.scored) / kept))
    given = {"shifts": SPAN // timedelta(minutes=1), "end_us": to_micros(END)}
    step = max(1, AT_ONCE // len(week.scored))
    for first in range(0, copies, step):
        report(f"fill: {first} of {copies} weeks")
        some = min(step, copies - first)
        backend.execute(_sql("dashboards_fill").format(first=first, copies=some, **given))
    backend.execute(_sql("dashboards_alerts").format(copies=copies, **given))
    backend.execute(_sql("dashboards_follow_ups"))
    for day in range(SPAN.days):
        report(f"fill: KPI minutes of day {day + 1} of {SPAN.days}")
        begin = int((START + timedelta(days=day)).timestamp())
        minutes = tuple(range(begin, begin + 86_400, 60))
        backend.execute(query("recompute_minutes"), {"minutes": minutes})


def _sql(name: str) -> str:
    return (Path(__file__).parent / f"{name}.sql").read_text("utf-8")


def queries() -> Iterator[tuple[str, str, str, timedelta]]:
    """Yield dashboard, title, SQL and range of every panel that asks ClickHouse."""
    for path in sorted((ROOT / "grafana" / "dashboards" / "en").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        span = _span(board["time"]["from"])
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                if "rawSql" in target:
                    yield path.stem, panel["title"], target["rawSql"], span


def _span(since: str) -> timedelta:
    """Return how long `now-24h` or `now-7d` is."""
    amount, unit = int(since.removeprefix("now-")[:-1]), since[-1]
    return timedelta(hours=amount) if unit == "h" else timedelta(days=amount)


def _timed(backend: Backend, dashboard: str, title: str, sql: str, span: timedelta) -> Panel:
    interval = max(60, int(span.total_seconds()) // POINTS)
    statement = expand(sql, END - span, END, interval, ALL)
    wall, cpu = [], []
    for _ in range(REPEATS):
        begin = time.perf_counter(), time.process_time()
        backend.execute(statement)
        wall.append(1e3 * (time.perf_counter() - begin[0]))
        cpu.append(1e3 * (time.process_time() - begin[1]))
    days = round(span / timedelta(days=1), 2)
    ms, cpu_ms = (round(statistics.median(times), 1) for times in (wall, cpu))
    return Panel(dashboard, title, days, ms, cpu_ms)


def as_table(panels: Sequence[Panel]) -> str:
    """Return the slowest query of each dashboard, and how many it has."""
    rows = []
    for name in dict.fromkeys(panel.dashboard for panel in panels):
        mine = [panel for panel in panels if panel.dashboard == name]
        slowest = mine[0]
        cells = (slowest.title, f"{slowest.ms:,.0f}", f"{slowest.cpu_ms:,.0f}")
        rows.append((name, str(len(mine)), f"{slowest.days:g}", *cells))
    return table(("dashboard", "queries", "days", "slowest", "ms", "CPU ms"), rows)


def main() -> None:
    """Measure, print, and fail where a query takes too long."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.dashboards")
    parser.add_argument("--events", type=int, default=EVENTS, help=f"stored (default {EVENTS:,})")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    given = parser.parse_args()

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    with tempfile.TemporaryDirectory(prefix="nabiz-bench-", ignore_cleanup_errors=True) as folder:
        panels = measure(given.events, Path(folder), report)
    print(as_table(panels))  # noqa: T201
    if given.save:
        content = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": described(),
            "events": given.events,
            "panels": panels,
        }
        encoded = msgspec.json.format(msgspec.json.encode(content), indent=1)
        RESULTS.write_bytes(encoded + b"\n")
    slow = [panel for panel in panels if panel.ms > LIMIT_MS]
    if slow:
        names = ", ".join(f"{panel.dashboard}: {panel.title}" for panel in slow)
        sys.exit(f"over {LIMIT_MS} ms: {names}")


if __name__ == "__main__":
    main()
