"""The configuration that the stack gives ClickHouse: who may do what, and that its words exist."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clickhouse_driver.errors import ServerException

from pipeline.kpi.definitions import Window
from pipeline.store import Backend, Store, StoreRefused
from pipeline.store.server import SETTINGS, ServerBackend
from tests.contract.conftest import empty_database
from tests.support.compose_file import make_secrets
from tests.support.dashboards import Statement, distinct_statements
from tests.support.servers import Address
from tests.support.servers_stack import CLICKHOUSE, clickhouse_of_the_stack

DAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_secrets(tmp_path_factory.mktemp("deploy"))


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory, secrets: Path) -> Iterator[Address]:
    with clickhouse_of_the_stack(tmp_path_factory.mktemp("configured"), secrets) as address:
        yield address


@pytest.fixture(scope="module")
def grafana(configured: Address, secrets: Path) -> Iterator[Backend]:
    """A connection as the user of Grafana, to a store that is migrated."""
    password = (secrets / "clickhouse_grafana_password").read_text()
    backend = ServerBackend(*configured, "grafana", password, "nabiz")
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def empty(chdb: Backend) -> Iterator[Backend]:
    """A store that is migrated and holds nothing."""
    with empty_database(chdb) as engine:
        Store(engine).migrate()
        yield engine


def test_grafana_reads_what_nabiz_migrated(grafana: Backend) -> None:
    assert grafana.execute("SELECT count() FROM events") == [(0,)]


@pytest.mark.parametrize("panel", distinct_statements(), ids=lambda panel: panel.id)
def test_grafana_may_read_what_each_panel_reads(panel: Statement) -> None:
    users = ET.parse(CLICKHOUSE / "users.d" / "nabiz.xml").getroot()
    grants = (str(grant.text) for grant in users.iterfind("users/grafana/grants/query"))
    granted = {grant.removeprefix("GRANT SELECT ON nabiz.") for grant in grants}
    read = {*re.findall(r"\b(?:FROM|(?<!ARRAY )JOIN)\s+(\w+)", panel.sql)}
    assert read
    assert read <= granted


@pytest.mark.parametrize("panel", distinct_statements(), ids=lambda panel: panel.id)
def test_a_panel_of_an_empty_store_is_no_error(empty: Backend, panel: Statement) -> None:
    panel.asked(empty, Window(DAY - timedelta(days=1), DAY))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a UInt8) ENGINE = Memory",
        "INSERT INTO dead_letters SELECT * FROM dead_letters",
        "ALTER TABLE events DELETE WHERE 1",
        "DROP TABLE events",
        "SET readonly = 0",
    ],
)
def test_grafana_changes_nothing(grafana: Backend, statement: str) -> None:
    with pytest.raises((ServerException, StoreRefused)):
        grafana.execute(statement)


def test_grafana_may_set_a_time_limit_of_its_own(grafana: Backend) -> None:
    """As its plug-in does with each query."""
    grafana.execute("SET max_execution_time = 60")


@pytest.mark.parametrize(
    ("user", "password"), [("default", ""), ("nabiz", ""), ("nabiz", "guess"), ("grafana", "")]
)
def test_nobody_is_let_in_without_the_password(
    configured: Address, user: str, password: str
) -> None:
    backend = ServerBackend(*configured, user, password, "default")
    for _ in range(2):  # each time that it is asked
        with pytest.raises(StoreRefused):
            backend.execute("SELECT 1")
    backend.close()


def test_a_server_of_today_knows_the_settings(chdb: Backend) -> None:
    users = ET.parse(CLICKHOUSE / "users.d" / "nabiz.xml").getroot()
    profiles = users.find("profiles")
    assert profiles is not None
    limits = {limit.tag for profile in profiles for limit in profile} - {"constraints"}
    assert limits <= known(chdb, "settings")
    config = ET.parse(CLICKHOUSE / "config.d" / "nabiz.xml").getroot()
    assert {one.tag for one in config if one.tag.startswith("max_")} <= known(
        chdb, "server_settings"
    )


def test_a_server_of_today_knows_the_settings_of_a_connection(chdb: Backend) -> None:
    """It would pass over others without a word."""
    assert SETTINGS.keys() <= known(chdb, "settings")


def test_a_server_of_today_understands_the_grants(chdb: Backend) -> None:
    users = ET.parse(CLICKHOUSE / "users.d" / "nabiz.xml").getroot()
    for grant in users.iter("query"):
        with pytest.raises(Exception, match="UNKNOWN_ROLE"):  # understood: only nobody is there
            chdb.execute(f"{grant.text} TO somebody")


def known(engine: Backend, table: str) -> set[str]:
    return {str(name) for (name,) in engine.execute(f"SELECT name FROM system.{table}")}
