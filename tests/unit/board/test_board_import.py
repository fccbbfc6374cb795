"""The page on which files are uploaded: tried first, published once, by administrators only."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from litestar.testing import TestClient

from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event
from pipeline.service import uploads
from tests.support.login_api import CHEAP, log_in
from tests.support.simulated_company import Company, app_of
from tests.unit.board.pages import Client, Clock, book, page

TABLE = """Tarih;Müşteri No;NPS;Yorum
31.01.2026 14:05;M-1;9;Hızlıydı, 0532 123 45 67
31.01.2026 14:06;;3;Çok bekledim
"""
ADDRESS = "/board/import"


class Sent:
    """Stands in for the publisher; keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.letters: list[DeadLetter] = []
        self.publish, self.refuse = self.events.append, self.letters.append

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = Sent()
    monkeypatch.setattr(uploads, "Publisher", lambda *_: sent)
    return sent


@pytest.fixture
def signed_in(company: Company, tmp_path: Path) -> Iterator[Client]:
    app = app_of(company, book=book(tmp_path), passwords=CHEAP)
    with TestClient(app) as client:
        client.headers["accept-language"] = "en"
        log_in(client, "admin")
        yield client


def upload(client: Client, content: bytes, name: str = "yanıtlar.csv", **fields: str) -> Any:
    return client.post(ADDRESS, data={"source": "", **fields}, files={"file": (name, content)})


def token_of(text: str) -> str:
    return re.findall(r'name="token" value="([^"]+)"', text)[0]


def publish(client: Client, token: str) -> Any:
    return client.post(f"{ADDRESS}/publish", data={"token": token})


def test_a_file_is_tried_before_anything_is_published(client: Client, sent: Sent) -> None:
    text = upload(client, TABLE.encode()).text
    assert "1 event" in text
    assert "1 row refused" in text
    assert "Nothing is published yet." in text
    assert "yanıtlar.csv" in text
    assert "separated by semicolons" in text
    assert "M-1" in text
    assert "nps 9" in text
    assert "[PHONE" in text
    assert "532" not in text
    assert re.search(r'<th scope="row">3</th><td class="text">Field missing', text)
    assert (sent.events, sent.letters) == ([], [])


def test_how_a_file_was_read_is_told_in_the_language_of_the_page(client: Client) -> None:
    client.headers["accept-language"] = "tr"
    text = upload(client, TABLE.encode()).text
    assert "noktalı virgülle ayrılmış" in text
    assert "sütunlar: " in text


def test_then_it_is_published_once(client: Client, company: Company, sent: Sent) -> None:
    token = token_of(upload(client, TABLE.encode()).text)
    assert "Events published: 1. Rows refused: 1." in publish(client, token).text
    assert [event.customer_id for event in sent.events] == ["M-1"]
    (letter,) = sent.letters
    assert (letter.topic, letter.offset) == ("file:yanıtlar.csv", 3)
    assert b"532" not in letter.payload
    assert "is kept no longer" in publish(client, token).text
    assert len(sent.events) == 1
    client.app.state.access._trail.flush()
    told = [(entry.what, entry.status) for entry in company.noted]
    assert ("file.tried", 200) in told
    assert ("file.published", 303) in told


def test_no_address_of_a_customer_is_published_as_an_id(client: Client, sent: Sent) -> None:
    text = upload(client, TABLE.replace("M-1", "ayse@x.example").encode()).text
    assert "pseudonym_key_file" in text
    assert "ayse" not in text
    publish(client, token_of(text))
    assert (sent.events, len(sent.letters)) == ([], 2)


def test_what_is_tried_is_not_kept_for_long(client: Client, clock: Clock, sent: Sent) -> None:
    token = token_of(upload(client, TABLE.encode()).text)
    clock.now += timedelta(minutes=16)
    assert "is kept no longer" in publish(client, token).text
    assert sent.events == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", b"PK\x03\x04broken", "The file cannot be read: a.xlsx:"),
        ("../../etc/passwd", b"PK\x03\x04broken", "The file cannot be read: passwd:"),
        ("empty.csv", b"", "0 events"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_told_by_its_name(
    client: Client, name: str, content: bytes, told: str
) -> None:
    answer = upload(client, content, name)
    assert answer.status_code == 200
    assert told in answer.text
    assert 'name="token"' not in answer.text


def test_a_file_that_is_too_large_is_not_taken(client: Client) -> None:
    answer = upload(client, b"x" * (uploads.LARGEST + 1))
    assert "more than 20 MB" in answer.text
    assert upload(client, b"x" * (uploads.LARGEST + 100_000)).status_code == 413


def test_a_form_of_an_administrator_is_taken_with_the_token_of_the_page(
    signed_in: Client, sent: Sent
) -> None:
    assert upload(signed_in, TABLE.encode()).status_code == 403
    (csrf,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page(signed_in, ADDRESS)))
    answer = upload(signed_in, TABLE.encode() * 2_000, csrf_token=csrf)
    assert answer.status_code == 200
    form = {"token": token_of(answer.text), "csrf_token": csrf}
    assert signed_in.post(f"{ADDRESS}/publish", data=form).status_code == 200
    assert sent.events


def test_nobody_else_may(company: Company, tmp_path: Path) -> None:
    app = app_of(company, book=book(tmp_path), passwords=CHEAP)
    for role in ("viewer", "agent"):
        with TestClient(app) as client:
            log_in(client, role)
            assert client.get(ADDRESS).status_code == 403
            assert upload(client, TABLE.encode()).status_code == 403
            assert ADDRESS not in page(client, "/board/connections")
