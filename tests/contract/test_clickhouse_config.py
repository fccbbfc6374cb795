"""The configuration that the stack gives ClickHouse: who may do what, and that its words exist."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clickhouse_driver.errors import ServerException

from pipeline.config.groups import StoreSettings
from pipeline.config.settings import store_address
from pipeline.kpi.definitions import Window
from pipeline.store import Backend, StoreRefused, open_server
from pipeline.store.server import ServerBackend, create_database
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
def nabiz_password(secrets: Path) -> str:
    """The password in the address that the roles are given."""
    url = (secrets / "store_url").read_text()
    address = store_address(StoreSettings.model_validate({"url": url}))
    assert address
    return address.password


@pytest.fixture(scope="module")
def grafana(configured: Address, secrets: Path, nabiz_password: str) -> Iterator[Backend]:
    """A connection as the user of Grafana, to a store that is migrated."""
    user = ("nabiz", nabiz_password)
    create_database(*configured, *user, "nabiz")
    store = open_server(*configured, *user, "nabiz")
    assert store.migrate()
    store.close()
    password = (secrets / "clickhouse_grafana_password").read_text()
    backend = ServerBackend(*configured, "grafana", password, "nabiz")
    yield backend
    backend.close()


def test_grafana_reads_what_nabiz_migrated(grafana: Backend) -> None:
    assert grafana.execute("SELECT count() FROM events") == [(0,)]


@pytest.mark.parametrize("panel", distinct_statements(), ids=lambda one: one.id)
def test_grafana_may_ask_what_each_panel_asks(grafana: Backend, panel: Statement) -> None:
    """And a store in which nothing is stored yet is no error."""
    panel.asked(grafana, Window(DAY - timedelta(days=1), DAY))


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


def test_a_server_of_today_understands_the_grants(chdb: Backend) -> None:
    users = ET.parse(CLICKHOUSE / "users.d" / "nabiz.xml").getroot()
    for grant in users.iter("query"):
        with pytest.raises(Exception, match="UNKNOWN_ROLE"):  # understood: only nobody is there
            chdb.execute(f"{grant.text} TO somebody")


def known(engine: Backend, table: str) -> set[str]:
    return {str(name) for (name,) in engine.execute(f"SELECT name FROM system.{table}")}
