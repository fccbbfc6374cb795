"""Logging in and out, as a browser does it."""

import re

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from structlog.testing import capture_logs

from pipeline.access import sessions
from pipeline.access.access import COOKIE
from pipeline.access.accounts import change_accounts, removed, with_password
from pipeline.access.language import LANGUAGE_COOKIE
from pipeline.access.login_page import login_page
from pipeline.access.user import LOCAL
from pipeline.common.languages import language_of
from pipeline.common.urls import local_path
from tests.support.login_api import CHEAP, PASSWORD, Door, browser, log_in, token_of

STATUS = "/v1/status"


def log_out(door: Door, client: TestClient[Litestar]) -> int:
    return client.post("/logout", data={"csrf_token": token_of(door, client)}).status_code


def test_one_logs_in_reads_and_logs_out(door: Door) -> None:
    with browser(door) as client:
        assert client.get(STATUS).status_code == 401
        answer = client.post(
            "/login", data={"name": "viewer", "password": PASSWORD, "next": "/board?by=brand"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/board?by=brand")
        assert client.get(STATUS).status_code == 200
        kept = client.cookies[COOKIE]
        assert log_out(door, client) == 303
        assert client.get(STATUS, headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 401


def test_a_page_that_needs_a_login_leads_to_it_and_back(door: Door) -> None:
    with browser(door) as client:
        answer = client.get("/v1/kpis?by=brand", headers={"Accept": "text/html,*/*"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?next=%2Fv1%2Fkpis%3Fby%3Dbrand"
        page = client.get(answer.headers["location"])
        assert page.status_code == 200
        assert '<input type="hidden" name="next" value="/v1/kpis?by=brand">' in page.text
        assert "<script" not in page.text


@pytest.mark.parametrize(("name", "password"), [("viewer", "wrong"), ("nobody", PASSWORD)])
def test_an_unknown_user_and_a_wrong_password_look_the_same_and_take_as_long(
    door: Door, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    checked = []
    monkeypatch.setattr(CHEAP, "fits", lambda kept, given: bool(checked.append(kept)))
    with browser(door) as client:
        answer = client.post("/login", data={"name": name, "password": password, "lang": "en"})
        assert answer.status_code == 401
        assert answer.text == login_page("en", "/", "wrong")
        assert not client.cookies
    assert [hashed.rpartition("$")[0].rpartition("$")[0] for hashed in checked] == [
        "$argon2id$v=19$m=8,t=1,p=1"
    ]


@pytest.mark.parametrize(
    "form", [{}, {"name": "viewer"}, {"name": "viewer", "password": "x" * 9_000}]
)
def test_half_a_form_is_a_wrong_password(door: Door, form: dict[str, str]) -> None:
    with browser(door) as client:
        assert client.post("/login", data=form).status_code == 401
        assert client.post("/login", json=form).status_code == 401


def test_a_password_may_come_from_any_keyboard(door: Door) -> None:
    with browser(door) as client:
        assert log_in(client, "viewer", "u\u0308c\u0327 kedi bir ag\u0306ac\u0327") == 303


def test_after_five_wrong_passwords_one_waits_longer_and_longer(door: Door) -> None:
    with browser(door) as client:
        assert [log_in(client, "viewer", "wrong") for _ in range(6)] == [401] * 5 + [429]
        assert log_in(client, "viewer") == 429
        assert log_in(client, "agent") == 303
        door.later(seconds=1)
        assert log_in(client, "viewer", "wrong") == 401
        answer = client.post("/login", data={"name": "viewer", "password": PASSWORD})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        assert "2 saniye" in answer.text
        door.later(seconds=2)
        assert log_in(client, "viewer") == 303
        assert log_in(client, "viewer", "wrong") == 401


def test_one_who_tries_many_names_waits_too(door: Door) -> None:
    with browser(door) as client:
        statuses = [log_in(client, f"name{number}", "wrong") for number in range(21)]
        assert statuses == [401] * 20 + [429]


def test_the_session_is_a_new_one_whatever_cookie_was_there(door: Door) -> None:
    with browser(door) as client:
        client.cookies.set(COOKIE, "chosen-by-somebody")
        assert log_in(client, "viewer") == 303
        first = client.cookies.get(COOKIE, domain="127.0.0.1")
        assert first not in (None, "chosen-by-somebody")
    for dead in ("chosen-by-somebody", ""):
        with browser(door) as other:
            assert other.get(STATUS, headers={"Cookie": f"{COOKIE}={dead}"}).status_code == 401


def test_a_second_login_ends_the_first_session(door: Door) -> None:
    with browser(door) as client:
        log_in(client, "viewer")
        first = client.cookies[COOKIE]
        log_in(client, "admin")
        assert client.cookies[COOKIE] != first
        assert door.access.sessions.find(first) is None


def test_a_session_ends_unused_after_an_hour_and_in_any_case_after_twelve(door: Door) -> None:
    with browser(door) as client:
        log_in(client, "viewer")
        for _ in range(12):
            assert client.get(STATUS).status_code == 200
            door.later(minutes=59)
        assert client.get(STATUS).status_code == 200
        door.later(minutes=12)
        assert client.get(STATUS).status_code == 401
        log_in(client, "viewer")
        door.later(minutes=60)
        assert client.get(STATUS).status_code == 401


def test_who_is_removed_or_has_another_password_is_out_at_once(door: Door) -> None:
    with browser(door) as viewer, browser(door) as agent, browser(door) as admin:
        for client, name in ((viewer, "viewer"), (agent, "agent"), (admin, "admin")):
            assert log_in(client, name) == 303
        change_accounts(door.file, lambda all_: removed(all_, "viewer"))
        change_accounts(
            door.file, lambda all_: with_password(all_, "agent", CHEAP.hash("another password"))
        )
        found = [client.get(STATUS).status_code for client in (viewer, agent, admin)]
        assert found == [401, 401, 200]


def test_a_broken_file_of_users_locks_nobody_out(door: Door) -> None:
    with browser(door) as client, capture_logs() as logs:
        log_in(client, "viewer")
        door.file.write_text("users: [", encoding="utf-8")
        assert [client.get(STATUS).status_code for _ in range(2)] == [200, 200]
    assert [one["event"] for one in logs] == [
        "the file of users is invalid, the last valid one stays in force"
    ]


def test_cookies_are_for_http_only_and_under_tls_for_this_host_only(door: Door) -> None:
    def cookie(base: str) -> str:
        with browser(door, base) as client:
            answer = client.post("/login", data={"name": "viewer", "password": PASSWORD})
            session = answer.headers.get_list("set-cookie")[0]
            return re.sub("=[^;]{30,}", "=…", session)

    assert set(cookie("http://127.0.0.1").split("; ")) == {
        *("nabiz_session=…", "HttpOnly", "Path=/", "SameSite=lax"),
    }
    assert set(cookie("https://127.0.0.1").split("; ")) == {
        *("__Host-nabiz_session=…", "HttpOnly", "Path=/", "SameSite=lax", "Secure"),
    }


def test_sessions_take_bounded_room(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    secrets = []
    for _ in range(3):
        secrets.append(door.access.sessions.begin(LOCAL))
        door.later(seconds=1)
    assert [door.access.sessions.find(one) is not None for one in secrets] == [False, True, True]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        *[(good, good) for good in ("/", "/board", "/board/customer/c-1?range=1d&by=a%2Fb")],
        *[
            (bad, "/")
            for bad in (
                *("", "board", "https://evil.example", "//evil.example", "/\\evil.example"),
                *("/\t/evil.example", "/\n", "javascript:alert(1)", '/"><script>', "/ş"),
            )
        ],
    ],
)
def test_a_login_leads_to_a_page_of_ours_only(asked: str, path: str) -> None:
    assert local_path(asked) == path


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "tr"),
        ("", "de-DE,en-GB;q=0.8,tr;q=0.5", "en"),
        ("tr", "en", "tr"),
        ("xx", "fr", "tr"),
    ],
)
def test_the_login_page_speaks_turkish_and_english(
    asked: str, accepted: str, language: str
) -> None:
    assert language_of((asked,), accepted) == language
    assert f'<html lang="{language}">' in login_page(language, "/")


def test_what_stands_on_the_login_page_stays_text() -> None:
    assert "<b>" not in login_page("tr", '"><b>')


def test_the_login_page_speaks_the_language_that_was_chosen_on_the_board(door: Door) -> None:
    with browser(door) as client:
        client.cookies.set(LANGUAGE_COOKIE, "en")
        client.headers["accept-language"] = "tr"
        assert '<html lang="en">' in client.get("/login").text
        assert '<html lang="tr">' in client.get("/login?lang=tr").text
