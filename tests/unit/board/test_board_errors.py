"""What is answered where an address is wrong: a page to people, JSON to programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from pipeline.store import StoreUnavailable
from tests.company import Company, app_of
from tests.unit.board.pages import Client, book

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def browser(company: Company) -> Iterator[Client]:
    with TestClient(app_of(company), raise_server_exceptions=False) as client:
        client.headers.update({"accept": BROWSER, "accept-language": "en"})
        yield client


UNKNOWN = [
    *("/nope", "/board/nope", "/board/health/nope", "/boards", "/nabiz/board"),
    *("/board/alerts", "/board/alerts/a/b", "/board/alerts/%00", "/board/alerts/%ff%fe"),
    *("/board/customers/%00", "/board/customers/%ff", "/board/alerts/" + "x" * 3_000),
    *("/board/static/nope.css", "/%2e%2e/etc/passwd", "/board/alerts/a1/actions/x"),
]


@pytest.mark.parametrize("address", UNKNOWN)
def test_an_unknown_address_is_a_page_with_a_way_back(browser: Client, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "That did not work" in answer.text
    assert '<p><a href="/board">' in answer.text
    assert "default-src" in answer.headers["content-security-policy"]


def test_it_speaks_the_language_of_the_person(browser: Client) -> None:
    browser.headers["accept-language"] = "tr"
    assert "Bu adreste bir sayfa yok." in browser.get("/nope").text
    assert "There is no page at this address." in browser.get("/nope?lang=en").text


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("POST", "/board", 405),
        ("DELETE", "/board/alerts/a1", 405),
        ("GET", "/board/alerts/a1/actions", 405),
        ("POST", "/", 405),
        ("POST", "/nope", 404),
    ],
)
def test_a_wrong_method_is_a_page_too(
    browser: Client, method: str, address: str, status: int
) -> None:
    answer = browser.request(method, address)
    assert (answer.status_code, "That did not work" in answer.text) == (status, True)
    assert bool(answer.headers.get("allow")) == (status == 405)


@pytest.mark.parametrize("failure", [RuntimeError("secret"), StoreUnavailable("the disk is gone")])
def test_a_fault_is_a_page_that_tells_no_more_than_is_of_use(
    browser: Client, company: Company, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(company.live, "ranked", fail)
    answer = browser.get("/board")
    assert answer.status_code == (503 if isinstance(failure, StoreUnavailable) else 500)
    assert "That did not work" in answer.text
    assert "secret" not in answer.text
    assert browser.get("/board", headers={"accept": "*/*"}).status_code == answer.status_code


@pytest.mark.parametrize(
    ("address", "accept"),
    [("/nope", "*/*"), ("/board/nope", "application/json"), ("/v1/nope", BROWSER)],
)
def test_programs_get_json(browser: Client, address: str, accept: str) -> None:
    answer = browser.get(address, headers={"accept": accept})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Not Found")


def test_whoever_is_not_logged_in_sees_no_more_than_that(company: Company, tmp_path: Path) -> None:
    with TestClient(app_of(company, book=book(tmp_path))) as client:
        client.headers.update({"accept": BROWSER, "accept-language": "en"})
        text = client.get("/nope").text
        assert "There is no page at this address." in text
        assert "<nav" not in text
        assert client.get("/board", follow_redirects=False).headers["location"].startswith("/login")
