"""What `nabiz doctor` says of the systems that are connected."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.cli.check_connections import check_connections
from pipeline.config.connectors import ConnectorsSettings, ReceiveSettings
from pipeline.config.settings import Settings
from tests.support.connector_company import GOOD, Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def found(company: Company, host: str = "0.0.0.0", key: str = "k" * 32) -> list[tuple[str, str]]:
    settings = Settings(
        data=company.folder / "data",
        connectors=ConnectorsSettings(
            file=company.file, folder=company.folder / "connectors", key=SecretStr(key)
        ),
        receive=ReceiveSettings(host=host),
    )
    return [(one.state, f"{one.found} {one.advice}") for one in check_connections(settings)]


def test_all_is_well(company: Company) -> None:
    company.write(GOOD)
    assert [state for state, _ in found(company)] == ["ok", "ok"]
    company.write("")
    assert found(company) == [("ok", "0 connections ")]


@pytest.mark.parametrize(
    ("entries", "state", "words"),
    [
        (f"{GOOD}    brnad: X\n", "problem", "connections.yaml:6: helpdesk has no setting `brnad`"),
        ("[", "problem", "not YAML"),
        (f"{GOOD}    auth: none\n", "warning", "takes deliveries from anybody"),
        (GOOD + GOOD.replace("desk-1", "desk-2"), "warning", "have the scope `helpdesk`"),
    ],
)
def test_what_is_not_well_is_told(company: Company, entries: str, state: str, words: str) -> None:
    company.write(entries)
    assert any(one == state and words in told for one, told in found(company))


def test_a_secret_that_others_can_read_is_told(company: Company) -> None:
    company.write(GOOD)
    (company.folder / "secret").chmod(0o644)
    (told,) = [told for state, told in found(company) if state == "warning"]
    assert told.endswith(f"chmod 600 {company.folder / 'secret'}")


def test_anybody_may_send_where_nobody_else_is(company: Company) -> None:
    company.write(f"{GOOD}    auth: none\n")
    assert {state for state, _ in found(company, host="127.0.0.1")} == {"ok"}


def test_a_key_that_is_missing_is_told_where_there_is_a_connection(company: Company) -> None:
    company.write(GOOD)
    assert [told for state, told in found(company, key="") if state == "warning"]
    company.write("")
    assert {state for state, _ in found(company, key="")} == {"ok"}
