"""Opening a store: what another process, a restart or a server that is away mean for it."""

from pathlib import Path

import pytest

from benchmarks.clickhouse_18.backend import OldServerBackend
from pipeline.common.ports import free_port
from pipeline.store import Store, StoreUnavailable, open_chdb, open_server
from tests.contract.stored import alert
from tests.support.servers import clickhouse_server


def test_a_server_that_is_away_is_unavailable() -> None:
    store = open_server("127.0.0.1", free_port(), "default", "", "default")
    with pytest.raises(StoreUnavailable, match="no ClickHouse at"):
        store.ping()


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with clickhouse_server(tmp_path) as address:
        store = Store(OldServerBackend(*address, "default", "", "default"))
        store.migrate()
        store.write_alerts([alert("a1")])
    with pytest.raises(StoreUnavailable):
        store.alerts()
    with clickhouse_server(tmp_path, address.port):
        assert store.alerts() == [alert("a1")]
    store.close()


def test_what_is_written_in_the_process_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    for expected in ([], [alert("a1")]):
        store = open_chdb(tmp_path / "store")
        store.migrate()
        assert store.alerts() == expected
        store.write_alerts([alert("a1")])
        store.close()


def test_a_second_folder_is_refused_while_one_is_open(tmp_path: Path) -> None:
    store = open_chdb(tmp_path / "one")
    with pytest.raises(StoreUnavailable, match="another process may have it open"):
        open_chdb(tmp_path / "two")
    store.close()
