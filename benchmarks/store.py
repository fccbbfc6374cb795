"""Measures the store by size: writes, KPI minutes, queries, bytes on disk.

Every figure is CPU time of client and engine, with its ratio to a simple baseline that alternates
with it. 50 million rows need 15 GB of disk.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
import psutil

from benchmarks.machine import Machine
from benchmarks.messages import events, scored
from pipeline.kpi.definitions import DIMENSIONS, Dimension, Window
from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from pipeline.store.chdb import ChdbBackend
from pipeline.store.rows import event_columns, minute_of
from pipeline.store.server import ServerBackend
from pipeline.store.sql import count_names, query
from pipeline.store.supported import unsupported
from pipeline.store.write_events import recompute

MILLION = 1_000_000
SIZES = (
    *(("chdb", rows * MILLION) for rows in (1, 10, 50)),
    *(("server", rows * MILLION) for rows in (1, 10)),
)
QUICK_SIZES = (("chdb", MILLION // 10), ("server", MILLION // 10))
FOLLOWED = MILLION
"""Most events for which all KPIs of 30 days are queried, since journeys are followed."""

DAY = 86_400
START = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=30)
CUSTOMERS = 100_000
FILLED_AT_ONCE = 1_000_000
REPEATS = 3

TREND = (
    f"SELECT toDate(minute), {', '.join(f'sum({name})' for name in count_names())} "
    "FROM kpi_minutes FINAL GROUP BY toDate(minute)"
)
"""The counts per day, as a dashboard queries them."""

BATCHES = [(size, minutes) for size in (1_000, 5_000, 20_000) for minutes in (1, 10, DAY // 60)]
"""Batch sizes, and the minutes over which a batch is spread."""

WINDOWS = {"an hour": timedelta(hours=1), "a day": timedelta(days=1), "30 days": SPAN}
SLICE = ", ".join(("minute", *DIMENSIONS))
SLICES: tuple[tuple[Dimension, ...], ...] = ((), DIMENSIONS)

_batches = count()


class Figure(msgspec.Struct, frozen=True):
    """Mean CPU milliseconds of several runs, and the ratio to the baseline.

    `ratio` is None if the baseline is too short to measure.
    """

    what: str
    client_ms: float
    engine_ms: float
    baseline: str
    ratio: float | None


class Results(msgspec.Struct):
    """The results for a size of the store; `bytes_per_event` is by table."""

    engine: str
    rows: int
    bytes_per_event: dict[str, float]
    reads: list[Figure]
    writes: list[Figure]


@dataclass(frozen=True)
class Engine:
    """A store, and the process of its engine; for chDB, our own."""

    backend: Backend
    process: psutil.Process | None

    def cost(self, call: Callable[[], object]) -> tuple[float, float]:
        """Return CPU milliseconds of client and engine; in one process, all as the engine's."""
        before, begun = self._engine(), time.process_time()
        call()
        client, engine = time.process_time() - begun, self._engine() - before
        return (client * 1e3, engine * 1e3) if self.process else (0.0, client * 1e3)

    def _engine(self) -> float:
        times = self.process.cpu_times() if self.process else None
        return times.user + times.system if times else 0.0

    def compare(
        self, what: str, call: Callable[[], object], baseline: str, plain: Callable[[], object]
    ) -> Figure:
        """Measure a call and its baseline alternately."""
        self.cost(call)
        runs = [(self.cost(call), self.cost(plain)) for _ in range(REPEATS)]
        # A server's CPU time has a resolution of 10 ms: sums are more precise than medians.
        client, engine = (sum(column) for column in zip(*(cost for cost, _ in runs), strict=True))
        baseline_ms = sum(sum(cost) for _, cost in runs)
        return Figure(
            what,
            client_ms=round(client / REPEATS, 2),
            engine_ms=round(engine / REPEATS, 2),
            baseline=baseline,
            ratio=round((client + engine) / baseline_ms, 2) if baseline_ms else None,
        )


def measure(engine: Engine, rows: int, report: Callable[[str], None]) -> Results:
    """Fill an empty store with `rows` events and measure it."""
    store = Store(engine.backend)
    store.migrate()
    fill(engine.backend, rows, report)
    engine.backend.execute("CREATE TABLE bare AS events ENGINE = MergeTree ORDER BY minute")
    report("reads")
    bytes_per_event, reads = _bytes(engine.backend, rows), _reads(engine, store, rows)
    report("writes")
    templates = scored(events(max(size for size, _ in BATCHES)))
    return Results(
        engine=f"ClickHouse {store.ping()}{'' if engine.process else ' in process'}",
        rows=rows,
        bytes_per_event=bytes_per_event,
        reads=reads,
        writes=[
            figure
            for size, minutes in BATCHES
            for figure in _writes(engine, store, templates[:size], minutes)
        ],
    )


def fill(backend: Backend, rows: int, report: Callable[[str], None]) -> None:
    """Store synthetic events in the engine, and the tables derived from them."""
    statement = (Path(__file__).parent / "store_fill.sql").read_text("utf-8")
    for first in range(0, rows, FILLED_AT_ONCE):
        report(f"fill {first:,} of {rows:,}")
        backend.execute(
            statement.format(
                customers=CUSTOMERS,
                start=int(START.timestamp()),
                span=int(SPAN.total_seconds()),
                first=first,
                rows=min(FILLED_AT_ONCE, rows - first),
            )
        )
    backend.execute(query("index_events"))
    first = int(START.timestamp())
    for day in range(first, first + int(SPAN.total_seconds()), DAY):
        recompute(backend, range(day, day + DAY, 60))


def _writes(
    engine: Engine, store: Store, templates: Sequence[Scored], minutes: int
) -> Iterator[Figure]:
    what = f"{len(templates)} events in {minutes} minutes"
    ready = iter([_new(templates, minutes) for _ in range(2 * REPEATS + 1)])

    def insert_only() -> None:
        some = next(ready)
        stored = [minute_of(one.event) for one in some]
        engine.backend.insert("bare", event_columns(some, stored))

    yield engine.compare(
        f"write {what}",
        lambda: store.write_events(next(ready)),
        "insert the same columns",
        insert_only,
    )
    end = int((START + SPAN).timestamp())
    touched = tuple(range(end - 60 * minutes, end, 60))
    yield engine.compare(
        f"recompute the KPIs of {minutes} minutes",
        lambda: recompute(engine.backend, touched),
        "count their events by slice",
        lambda: engine.backend.execute(
            f"SELECT count() FROM events WHERE minute IN %(minutes)s GROUP BY {SLICE}",
            {"minutes": touched},
        ),
    )


def _new(templates: Sequence[Scored], minutes: int) -> list[Scored]:
    """Return the events under new ids, in the last minutes of the stored span."""
    batch = next(_batches)
    step = timedelta(minutes=minutes) / len(templates)
    return [
        msgspec.structs.replace(
            one,
            event=msgspec.structs.replace(
                one.event,
                event_id=f"{hash((batch, number)) % 2**64:016x}-{batch}-{number}",
                occurred_at=START + SPAN - step * (len(templates) - number),
            ),
        )
        for number, one in enumerate(templates)
    ]


def _reads(engine: Engine, store: Store, rows: int) -> list[Figure]:
    end = START + SPAN
    asked: dict[str, Callable[[], object]] = {
        f"KPIs of {name} by {', '.join(by) or 'nothing'}": partial(
            store.kpis, Window(end - span, end), by, end
        )
        for name, span in WINDOWS.items()
        if (span < SPAN or rows <= FOLLOWED) and not unsupported(store.ping())
        for by in SLICES
    }
    asked["counts of each of 30 days"] = lambda: engine.backend.execute(TREND)
    asked["timeline of a customer"] = lambda: store.timeline("c77", 1_000)
    asked["alerts"] = lambda: store.alerts(limit=1_000)
    asked["counts"] = store.counts

    def scan() -> object:
        return engine.backend.execute("SELECT sum(occurred_us), uniq(customer_id) FROM events")

    return [engine.compare(what, call, "scan two columns", scan) for what, call in asked.items()]


def _bytes(backend: Backend, rows: int) -> dict[str, float]:
    found = backend.execute(
        "SELECT table, sum(bytes_on_disk) FROM system.parts "
        "WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table"
    )
    return {table: round(size / rows, 1) for table, size in found if size > rows}


@contextmanager
def running(machine: Machine, kind: str) -> Iterator[Engine]:
    """Open an empty store of this kind."""
    if kind == "chdb":
        with tempfile.TemporaryDirectory(dir=machine.folder) as folder:
            embedded = ChdbBackend(Path(folder))
            yield Engine(embedded, None)
            embedded.close()
        return
    database = machine.fresh_store().rpartition("/")[2]
    server = ServerBackend(*machine.store, "default", "", database)
    yield Engine(server, machine.clickhouse)
    server.execute(f"DROP DATABASE {database}")
    server.close()


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Measure each size in a new store."""
    found = []
    for kind, rows in QUICK_SIZES if quick else SIZES:
        where = f"{kind}, {rows:,} events"
        with running(machine, kind) as engine:
            found.append(measure(engine, rows, partial(_say, progress, where)))
    return {"sizes": found}


def _say(progress: Callable[[str], None], where: str, line: str) -> None:
    progress(f"{where}: {line}")
