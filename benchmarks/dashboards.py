"""Measures each query of the dashboards on chDB, over their default time range.

The store holds copies of a week of the simulated company, spread over 30 days. 10 million events
need 5 GB of disk.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.company import company_days
from grafana.plugin import expand
from grafana.statements import statements
from pipeline.common.epoch_micros import to_micros
from pipeline.store import Backend, Store
from pipeline.store.chdb import ChdbBackend
from pipeline.store.write_events import recompute

if TYPE_CHECKING:  # imports what only benchmarks install
    from benchmarks.machine import Machine

EVENTS, QUICK_EVENTS = 10_000_000, 1_000_000

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK, SPAN = timedelta(days=7), timedelta(days=30)
END = START + SPAN

CUSTOMERS = 2_000
AT_ONCE = 1_000_000
REPEATS = 3
POINTS = 48
ALL: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("brand", "channel", "touchpoint", "segment", "language"), ()),
    "enough": ("20",),
    "customer": ("",),
}


class Panel(msgspec.Struct, frozen=True):
    """A query, the days it covers, and its times: medians of several runs.

    `cpu_ms` sums all threads; unlike wall time, it does not grow with other load on the machine.
    """

    dashboard: str
    title: str
    days: float
    ms: float
    cpu_ms: float


def run(machine: "Machine", quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Fill a new store and time every query, slowest first."""
    with tempfile.TemporaryDirectory(dir=machine.folder) as folder:
        return measure(QUICK_EVENTS if quick else EVENTS, Path(folder), progress)


def measure(events: int, folder: Path, report: Callable[[str], None]) -> dict[str, object]:
    """Fill a store with about this many events, and time every query, slowest first."""
    backend = ChdbBackend(folder)
    try:
        fill(backend, events, report)
        stored = Store(backend).counts()
        panels = [_timed(backend, *one) for one in queries()]
    finally:
        backend.close()
    return {
        "events": stored["events"],
        "alerts": stored["alerts"],
        "panels": sorted(panels, key=lambda panel: -panel.ms),
    }


def fill(backend: Backend, events: int, report: Callable[[str], None]) -> None:
    """Store copies of a simulated week, and the tables derived from them."""
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
    # Copies that begin in the last week are cut in half on average.
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
        recompute(backend, range(begin, begin + 86_400, 60))


def _sql(name: str) -> str:
    return (Path(__file__).parent / f"{name}.sql").read_text("utf-8")


def queries() -> Iterator[tuple[str, str, str, timedelta]]:
    """Yield dashboard, title, SQL and range of all queries for ClickHouse."""
    for one in statements():
        yield one.dashboard, one.title, one.sql, _span(one.since)


def _span(since: str) -> timedelta:
    """Return the duration of `now-24h` or `now-7d`."""
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
