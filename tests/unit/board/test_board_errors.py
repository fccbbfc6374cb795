"""What is answered where an address is wrong: a page to people, JSON to programs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from pipeline.store import StoreUnavailable
from tests.support.login_api import CHEAP, log_in
from tests.support.simulated_company import Company, app_of
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
        assert 'action="/logout"' not in text
        assert client.get("/board", follow_redirects=False).headers["location"].startswith("/login")


def test_whoever_is_logged_in_keeps_the_menu_on_a_page_that_there_is_not(
    company: Company, tmp_path: Path
) -> None:
    with TestClient(app_of(company, book=book(tmp_path), passwords=CHEAP)) as client:
        log_in(client, "agent")
        client.headers.update({"accept": BROWSER, "accept-language": "en"})
        text = client.get("/nope").text
        assert ">agent</span>" in text
        assert 'href="/board/pulse"' in text
        (token,) = re.findall(r'name="csrf_token" value="([^"]+)"', text)
        answer = client.post("/logout", data={"csrf_token": token}, follow_redirects=False)
        assert answer.status_code == 303


def test_a_browser_that_has_no_way_to_log_in_is_told_so(company: Company) -> None:
    with TestClient(app_of(company, token="secret")) as client:
        answer = client.get("/board", headers={"accept": BROWSER, "accept-language": "en"})
    assert (answer.status_code, "Log in first." in answer.text) == (401, True)
    assert answer.headers["www-authenticate"] == "Bearer"
