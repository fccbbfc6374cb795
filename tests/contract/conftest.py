"""The store on each engine: the same tests hold for both."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.store import Backend, Store
from tests.servers import Address, clickhouse_server


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A ClickHouse server, in another time zone than the stored times."""
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture(scope="module")
def server(clickhouse: Address) -> Iterator[Backend]:
    """A connection to the server."""
    from pipeline.store.server import ServerBackend

    engine = ServerBackend(*clickhouse, "default", "", "default")
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
    """A database of its own on an engine."""
    database = f"test_{uuid.uuid4().hex[:8]}"
    engine.execute(f"CREATE DATABASE {database}")
    engine.execute(f"USE {database}")
    yield engine
    engine.execute(f"DROP DATABASE {database}")


@pytest.fixture(params=["chdb", "server"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """An empty database."""
    with empty_database(request.getfixturevalue(request.param)) as engine:
        yield engine


@pytest.fixture(params=[("chdb", "server"), ("server", "chdb")], ids="-to-".join)
def two_backends(request: pytest.FixtureRequest) -> Iterator[tuple[Backend, Backend]]:
    """An empty database on each engine, either one first."""
    first, second = (request.getfixturevalue(name) for name in request.param)
    with empty_database(first), empty_database(second):
        yield first, second


@pytest.fixture
def store(backend: Backend) -> Store:
    """An empty store."""
    store = Store(backend)
    store.migrate()
    return store
