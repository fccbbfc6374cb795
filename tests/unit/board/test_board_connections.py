"""The pages of connections: what is connected, what comes, what becomes of it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from litestar.testing import TestClient

from pipeline.service.connections import Connections
from tests.support import connector_company
from tests.support.board_items import NOW
from tests.support.connected import connected, deliver, every
from tests.support.connector_company import GOOD
from tests.support.login_api import CHEAP, log_in
from tests.support.simulated_company import Company, app_of
from tests.support.stand_in_api import FakeStore
from tests.unit.board.pages import HOSTILE, Client, book, page

TOP = "pseudonym_key_file: pseudonyms\npublic_url: https://nabiz.firma.com\n"
WRONG = "\n  - {name: desk-2, system: helpdeks}\n"
TEXT = b'{"id": %d, "at": 1772000000, "phone": "+905321112233", "text": "Ara: 0532 111 22 33"}'
HOUR = timedelta(hours=1)


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    desk = connector_company.Company(tmp_path)
    return connected(desk.book(GOOD + WRONG, TOP), tmp_path / "connectors")


@pytest.fixture
def client(company: Company, connections: Connections) -> Iterator[Client]:
    with TestClient(app_of(company, store=FakeStore(), connections=connections)) as client:
        client.headers["accept-language"] = "en"
        yield client


def test_the_list_says_of_each_connection_how_it_is_and_where_to_send(
    client: Client, connections: Connections
) -> None:
    assert "Has sent nothing yet." in page(client, "/board/connections")
    deliver(connections, "desk-1", NOW - timedelta(minutes=10), TEXT % 1, b"{}")
    text = page(client, "/board/connections")
    assert "https://nabiz.firma.com/in/desk-1" in text
    assert "Help desk" in text
    assert "10 min ago" in text
    assert "<td>2 / 2</td>\n<td>1 / 1</td>" in text
    assert "did you mean `helpdesk`?" in text
    assert "Destek" in page(client, "/board/connections?lang=tr")


def test_a_source_that_used_to_speak_is_told_to_be_silent_there_and_on_health(
    client: Client, connections: Connections
) -> None:
    for at in every(HOUR / 3, NOW - timedelta(days=7), NOW - 6 * HOUR):
        deliver(connections, "desk-1", at, TEXT % 1)
    assert "Silent: by its rhythm" in page(client, "/board/connections")
    assert 'silent for longer than usual: <a href="/board/connections/desk-1">' in re.sub(
        r"\s+", " ", page(client, "/board/health")
    )
    deliver(connections, "desk-1", NOW, TEXT % 1)
    assert "Silent: by its rhythm" not in page(client, "/board/connections")
    assert "silent for longer" not in page(client, "/board/health")


def test_a_refusal_stands_beside_the_masked_delivery_and_the_place_in_the_mapping(
    client: Client, connections: Connections
) -> None:
    deliver(connections, "desk-1", NOW, TEXT % 1, b'{"id": 7, "phone": "05321112233"}')
    deliver(connections, "desk-1", NOW, b'{"ping": true, "mail": "ayse@example.com"}')
    text = page(client, "/board/connections/desk-1")
    refusals = text.split("Refused of late")[1].split("What becomes")[0]
    assert "Field missing" in refusals
    assert "helpdesk/mapping.yaml:" in refusals
    assert "[PHONE" in refusals
    assert "Message, Chat" in text
    for told in ("532", "example.com"):
        assert told not in text
    assert client.get("/board/connections/nobody").status_code == 404


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_is_delivered_stays_text(client: Client, connections: Connections, evil: str) -> None:
    body = (TEXT % 1).replace(b"Ara", evil.encode("unicode_escape").replace(b'"', b"'"))
    deliver(connections, "desk-1", NOW, body, b"<script>alert(1)</script>")
    text = page(client, "/board/connections/desk-1")
    assert "<script>alert" not in text
    assert "<img" not in text


def test_only_administrators_see_what_was_delivered_and_it_is_noted(
    company: Company, connections: Connections, tmp_path: Path
) -> None:
    deliver(connections, "desk-1", NOW, TEXT % 1)
    app = app_of(company, connections=connections, book=book(tmp_path), passwords=CHEAP)
    for role, status in (("viewer", 403), ("agent", 403), ("admin", 200)):
        with TestClient(app) as client:
            log_in(client, role)
            listed = page(client, "/board/connections?lang=en")
            assert "desk-1" in listed
            assert ('href="/board/connections/desk-1"' in listed) == (role == "admin")
            assert client.get("/board/connections/desk-1").status_code == status
    app.state.access._trail.flush()
    seen = [entry for entry in company.noted if entry.what == "deliveries.viewed"]
    told = [(entry.by, entry.status) for entry in seen]
    assert told == [("viewer", 403), ("agent", 403), ("admin", 200)]


def test_a_system_says_which_settings_it_needs(client: Client) -> None:
    text = page(client, "/board/systems/helpdesk")
    assert "Signing secret" in text
    assert "required, secret" in re.sub(r"\s+", " ", text)
    assert "Gizli anahtar" in page(client, "/board/systems/helpdesk?lang=tr")
    assert client.get("/board/systems/nothing").status_code == 404


def test_a_system_says_step_by_step_how_it_is_connected(company: Company) -> None:
    with TestClient(app_of(company)) as client:
        for language, words in (("tr", "Signing secret"), ("en", "Reveal secret")):
            text = page(client, f"/board/systems/zendesk?lang={language}")
            assert words in text
            assert "- name: zendesk\n  system: zendesk" in text
            assert "**" not in text
        assert "Gerekenler" in page(client, "/board/systems/zendesk?lang=tr")


def test_a_survey_tool_asks_what_its_questions_measure(company: Company) -> None:
    with TestClient(app_of(company)) as client:
        assert "Anketin soruları ne ölçer" in page(client, "/board/systems/typeform?lang=tr")
        assert "<code>questions</code>" not in page(client, "/board/systems/zendesk?lang=tr")
