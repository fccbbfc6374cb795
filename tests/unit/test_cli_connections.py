"""connectors list, check, add and tail: systems are connected and looked after by command."""

import re
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
import typer
import yaml

from pipeline.broker.errors import BrokerUnavailable
from pipeline.cli import connection_add, connection_list, connection_tail
from pipeline.config.groups import ROOT
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.sealing import Seal
from pipeline.connectors.watch.traffic import Traffic
from pipeline.contracts.topology import RECEIVED
from tests.support.command_runs import Nabiz
from tests.support.connector_company import GOOD, Company

KEY = "k" * 32
GIVEN = ("--system", "helpdesk", "--make", "secret")
WRONG = "\n  - {name: desk-2, system: helpdeks}\n"


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    company = Company(tmp_path)
    monkeypatch.setenv("NABIZ_CONNECTORS_FILE", str(company.file))
    monkeypatch.setenv("NABIZ_CONNECTORS_FOLDER", str(tmp_path / "connectors"))
    monkeypatch.setenv("NABIZ_CONNECTORS_KEY", KEY)
    return company


def test_list_says_what_is_connected_and_what_is_refused(
    nabiz: Nabiz, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.write(GOOD + WRONG)
    traffic = Traffic()
    traffic.take([(RECEIVED, Seal([KEY]).sealed(Delivery("desk-1", datetime.now(UTC), b"{}")))])
    monkeypatch.setattr(connection_list, "recent", lambda *_: traffic)
    ran = nabiz("connectors", "list", "--json")
    assert ran.code == 0
    first, second = yaml.safe_load(ran.out)
    assert (first["name"], first["hour"], first["refused"]) == ("desk-1", 1, None)
    assert "did you mean `helpdesk`?" in second["refused"]


def test_list_goes_without_figures_where_kafka_is_away(
    nabiz: Nabiz, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> Traffic:
        raise BrokerUnavailable("Kafka does not answer")

    company.write(GOOD)
    monkeypatch.setattr(connection_list, "recent", away)
    ran = nabiz("connectors", "list")
    assert ran.code == 0
    assert "desk-1" in ran.out
    assert "without figures: Kafka does not answer" in ran.err


def test_list_says_that_the_file_cannot_be_read(nabiz: Nabiz, company: Company) -> None:
    company.write("  - [")
    ran = nabiz("connectors", "list")
    assert (ran.code, ran.out) == (1, "")
    assert "connections.yaml" in ran.err


def test_check_says_all_that_is_wrong_with_file_and_line(nabiz: Nabiz, company: Company) -> None:
    company.write(GOOD)
    assert nabiz("connectors", "check").code == 0
    company.write(f"{GOOD}    brnad: X\n    country: tr\n{WRONG}")
    (company.folder / "secret").chmod(0o644)
    ran = nabiz("connectors", "check")
    assert ran.code == 1
    assert "connections.yaml:6: helpdesk has no setting `brnad`" in ran.out
    assert "connections.yaml:7: connections[0].country: " in ran.out
    assert "there is no system `helpdeks`" in ran.out
    assert f"chmod 600 {company.folder / 'secret'}" in ran.out
    (company.folder / "connectors/helpdesk/fixtures/known.json").write_text("{")
    assert "known.json:1: is no recorded delivery" in nabiz("connectors", "check").out


@pytest.mark.parametrize(
    "text",
    [
        "connections: []\n",
        "# yet to come\nconnections:\n",
        "# none\nconnections: []  # yet",
        "public_url: https://nabiz.firma.com",
        "connections:\n- {name: a, system: helpdesk, secret_file: secret}\n# end\n",
        "connections:\n    - name: a\n      system: helpdesk\n      secret_file: secret\n\n"
        "public_url: https://nabiz.firma.com\n",
    ],
)
def test_add_puts_the_entry_into_the_file_and_the_secrets_beside_it(
    nabiz: Nabiz, company: Company, text: str
) -> None:
    company.file.write_text(text)
    ran = nabiz(
        *("connectors", "add", "--system", "helpdesk", "--name", "desk-9"),
        *("--make", "secret", "--set", "brand=Çarşım"),
    )
    assert ran.code == 0, ran.err
    content = company.file.read_text()
    after = yaml.safe_load(content)
    assert after["connections"][-1] == {
        "name": "desk-9",
        "system": "helpdesk",
        "secret_file": "secrets/desk-9_secret",
        "brand": "Çarşım",
    }
    assert len(after["connections"]) == text.count("system:") + 1
    assert all(line in content for line in text.splitlines() if line.startswith(("#", "public")))
    for name in ("desk-9_secret", "pseudonym_key"):
        assert stat.S_IMODE((company.folder / "secrets" / name).stat().st_mode) == 0o600
    address = "nabiz.firma.com/in/desk-9" if "public_url" in text else "127.0.0.1:8087/in/desk-9"
    assert address in ran.out.replace("\n", "")
    assert nabiz("connectors", "check").code == 0


def test_below_what_add_wrote_the_lines_of_a_page_are_pasted(
    nabiz: Nabiz, company: Company
) -> None:
    company.file.write_text("connections:\n")
    assert nabiz("connectors", "add", *GIVEN, "--name", "desk-1").code == 0
    with company.file.open("a") as file:
        file.write("- name: desk-2\n  system: helpdesk\n  secret_file: secret\n")
    ran = nabiz("connectors", "check")
    assert ran.code == 0, ran.out
    assert "2 connections" in ran.err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--system", "helpdesk"], "`secret_file` is missing: Signing secret"),
        (
            ["--system", "helpdesk", "--make", "secret", "--set", "colour=red"],
            "no setting `colour`",
        ),
        ([*GIVEN, "--name", "Desk 9"], "lower-case letters"),
        (
            ["--system", "helpdesk", "--make", "secret", "--name", "desk-1"],
            "named `desk-1` already",
        ),
        (["--system", "helpdeks"], "there is no such system; there are: helpdesk"),
        ([], "--system is missing: one of helpdesk"),
    ],
)
def test_add_changes_nothing_where_the_connection_would_be_refused(
    nabiz: Nabiz, company: Company, options: list[str], reason: str
) -> None:
    company.write(GOOD)
    before = {path: path.read_bytes() for path in files(company.folder)}
    ran = nabiz("connectors", "add", *options)
    assert ran.code == 2
    assert reason in ran.err
    assert {path: path.read_bytes() for path in files(company.folder)} == before


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


class Topic:
    """Stands in for a topic that has some messages."""

    is_through = False

    def __init__(self, bodies: list[tuple[str, bytes]]) -> None:
        seal = Seal([KEY])
        at = datetime(2026, 11, 20, tzinfo=UTC)
        self._messages = [
            (RECEIVED, seal.sealed(Delivery(name, at, body))) for name, body in bodies
        ]

    def read(self, _seconds: float) -> list[tuple[str, bytes]]:
        self.is_through = True
        return self._messages

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_tail_shows_what_came_masked_and_what_the_mapping_makes_of_it(
    nabiz: Nabiz, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.write(GOOD)
    good = b'{"id": 1, "at": 1788000000, "phone": "+905321112233", "text": "Ara: 0532 111 22 33"}'
    topic = Topic([("desk-1", good), ("desk-1", b'{"id": 2, "phone": "1"}'), ("other", b"{}")])
    monkeypatch.setattr(connection_tail, "follow", lambda *_: topic)
    ran = nabiz("connectors", "tail", "desk-1", "--no-follow")
    assert ran.code == 0
    assert "[PHONE" in ran.out
    assert "532" not in ran.out
    assert "chat  message" in ran.out or "chat message" in ran.out
    assert "helpdesk/mapping.yaml:" in ran.out
    assert "missing_field" in ran.out
    assert nabiz("connectors", "tail", "nobody").code == 2


def test_add_asks_on_a_terminal_for_what_the_system_needs(
    nabiz: Nabiz, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.write("")
    asked: list[tuple[str, bool]] = []
    answers = {"System": "helpdesk", "Name": "desk-9", "How": "password", "username": "nabiz"}

    def prompt(question: str, default: str = "", hide_input: bool = False, **_: object) -> str:
        asked.append((question, hide_input))
        return answers.get(re.split(r"[ :]", question)[0], default)

    monkeypatch.setattr(connection_add, "_asks", lambda: True)
    monkeypatch.setattr(typer, "prompt", prompt)
    ran = nabiz("connectors", "add")
    assert ran.code == 0, ran.err
    (entry,) = yaml.safe_load(company.file.read_text())["connections"]
    assert entry["auth"] == "password"
    assert entry["username"] == "nabiz"
    assert len((company.folder / entry["password_file"]).read_text()) > 40
    assert "secret_file" not in entry
    assert ("password: Password (empty: make one at random)", True) in asked
    assert nabiz("connectors", "check").code == 0


@pytest.mark.parametrize(("answer", "code"), [("{nps: {metric: nps}}", 0), ("{nps: {", 2)])
def test_add_asks_what_the_questions_of_a_survey_mean(
    nabiz: Nabiz, company: Company, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    company.write("")
    shutil.copytree(ROOT / "connectors/typeform", company.folder / "connectors/typeform")
    answers = {"customer_id": "hidden.customer_id", "questions": answer}

    def prompt(question: str, default: str = "", **_: object) -> str:
        return answers.get(question.split(":")[0], default)

    monkeypatch.setattr(connection_add, "_asks", lambda: True)
    monkeypatch.setattr(typer, "prompt", prompt)
    ran = nabiz("connectors", "add", "--system", "typeform", "--name", "formlar")
    assert ran.code == code, ran.err
    entries = yaml.safe_load(company.file.read_text())["connections"]
    if code:
        assert "the value is not YAML" in ran.err
        assert entries == []
    else:
        assert [entry["questions"] for entry in entries] == [{"nps": {"metric": "nps"}}]
