"""The store on each engine, a role's Kafka driver beside Faust's: the same tests hold for both."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from pipeline.broker.lag import LagReader, PartitionLag
from pipeline.kpi.definitions import KpiValue
from pipeline.store import Backend, Store
from tests.contract.worker import Worker
from tests.support.dashboards import CALENDARS
from tests.support.servers import Address, clickhouse_server
from tests.support.simulated_day import DAY, stored_in

Make: TypeAlias = Callable[..., Worker]
Lags: TypeAlias = Callable[[Worker, str], list[PartitionLag]]


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A ClickHouse server, in another time zone than the stored times."""
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture(scope="module")
def server(clickhouse: Address) -> Iterator[Backend]:
    """A connection to the server."""
    from benchmarks.clickhouse_18.backend import OldServerBackend

    engine = OldServerBackend(*clickhouse, "default", "", "default")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def chdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The engine in this process; a process can have one folder open at a time."""
    from pipeline.store.chdb import ChdbBackend

    engine = ChdbBackend(tmp_path_factory.mktemp("chdb"))
    yield engine
    engine.close()


@contextmanager
def empty_database(engine: Backend) -> Iterator[Backend]:
    """A database of its own on an engine, which then goes on with the one before."""
    database = f"test_{uuid.uuid4().hex[:8]}"
    ((before,),) = engine.execute("SELECT currentDatabase()")
    engine.execute(f"CREATE DATABASE {database}")
    engine.execute(f"USE {database}")
    yield engine
    engine.execute(f"USE {before}")
    engine.execute(f"DROP DATABASE {database}")


@pytest.fixture(params=["chdb", "server"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """An empty database; the server stands for the wire and the core tables alone."""
    with empty_database(request.getfixturevalue(request.param)) as engine:
        yield engine


ON_CHDB = pytest.mark.parametrize("backend", ["chdb"], indirect=True)
"""Marks tests of SQL that is written for servers of today, as that of KPIs and dashboards is."""


@pytest.fixture
def store(backend: Backend) -> Store:
    """An empty store."""
    store = Store(backend)
    store.migrate()
    return store


@pytest.fixture(params=["stock", "ours"])
def driver(request: pytest.FixtureRequest) -> str:
    fault = request.node.get_closest_marker("fails_on_stock")
    if fault and request.param == "stock":
        fails(request, fault.args[0])
    return str(request.param)


def fails(request: pytest.FixtureRequest, reason: str) -> None:
    """Have the test fail, or else it is wrong about Faust."""
    request.applymarker(pytest.mark.xfail(strict=True, reason=reason))


@pytest.fixture
def worker(driver: str, kafka: str, tmp_path: Path) -> Make:
    """Makes workers of one group; another `folder` is another machine."""

    def make(*topics: str, folder: str = "a", **options: Any) -> Worker:
        return Worker(driver, kafka, topics, tmp_path / folder, **options)

    return make


@pytest.fixture(scope="module")
def lag_reader(kafka: str) -> Iterator[LagReader]:
    with LagReader(kafka) as reader:
        yield reader


@pytest.fixture
def lags(lag_reader: LagReader) -> Lags:
    """What the broker says of a worker's group, by partition."""
    return lambda worker, topic: lag_reader.read({worker.group: [topic]}, None)


@pytest.fixture(scope="module")
def company(chdb: Backend) -> Iterator[Backend]:
    """A store with two simulated days, on an engine as recent as dashboards ask for."""
    with empty_database(chdb) as engine:
        store = Store(engine)
        store.migrate()
        stored_in(store)
        yield engine


@pytest.fixture(scope="module")
def kpis(company: Backend) -> dict[str, KpiValue]:
    """The KPIs of the day, as the store reads them."""
    store = Store(company, calendars=CALENDARS)
    return {value.kpi: value for value in store.kpis(DAY, [], DAY.end + timedelta(days=9))}
