"""The store on each engine: the same tests hold for both."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client

from pipeline.store import Backend, Store
from tests.servers import Address, clickhouse_server


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A ClickHouse server, in another time zone than the stored times."""
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture(params=["chdb", "server"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """An empty database."""
    if request.param == "chdb":
        from pipeline.store.chdb import ChdbBackend

        engine: Backend = ChdbBackend(tmp_path / "store")
    else:
        from pipeline.store.server import ServerBackend

        address = request.getfixturevalue("clickhouse")
        database = f"test_{uuid.uuid4().hex[:8]}"
        with Client(address.host, address.port) as client:
            client.execute(f"CREATE DATABASE {database}")
        engine = ServerBackend(address.host, address.port, "default", "", database)
    yield engine
    engine.close()


@pytest.fixture
def store(backend: Backend) -> Store:
    """An empty store."""
    store = Store(backend)
    store.migrate()
    return store
