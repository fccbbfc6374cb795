"""Logging in at the company's OpenID provider, as a browser does it, with a provider that is real.

What is refused is in test_oidc_refusals.py.
"""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from litestar import Litestar
from litestar.testing import TestClient

from pipeline.access.access import COOKIE
from pipeline.access.devices import DEVICE_COOKIE
from pipeline.access.oidc.flow import challenge
from pipeline.cli.logins import check_logins
from pipeline.config.access import AccessSettings
from tests.support.login_api import Door, browser, log_in, token_of
from tests.support.oidc_browser import STATUS, log_in_at, sent_back, sent_there
from tests.support.oidc_provider import Company


def test_one_logs_in_at_the_company_acts_and_logs_out(
    door: Door, client: TestClient[Litestar]
) -> None:
    page = client.get("/login?next=/board/inbox&lang=en").text
    link = "/login/oidc?next=%2Fboard%2Finbox&amp;lang=en"
    assert f'<a class="button" href="{link}">Sign in with Acme &lt;b&gt;</a>' in page
    assert 'name="password"' in page

    answer = log_in_at(client, next="/board/inbox", lang="en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board/inbox")
    assert client.get(STATUS).status_code == 200
    assert client.get("/v1/audit").status_code == 403
    kept = client.cookies[COOKIE]
    assert list(client.cookies) == [COOKIE, DEVICE_COOKIE]

    assert client.post("/logout").status_code == 403
    answer = client.post("/logout", data={"csrf_token": token_of(door, client)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?out=1")
    assert client.get(STATUS, headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 401
    assert [(one.by, one.role, one.what, one.status) for one in door.trace()] == [
        ("ayse", "agent", "login.oidc", 303),
        ("ayse", "agent", "audit.viewed", 403),
        ("ayse", "agent", "logout", 403),
        ("ayse", "agent", "logout", 303),
    ]


def test_who_has_logged_out_is_shown_how_to_log_out_of_the_company_too(
    company: Company, client: TestClient[Litestar]
) -> None:
    log_in_at(client)
    leave = f'<a href="{company.url}/leave?client_id=nabiz">'
    assert leave in client.get("/login?out=1").text
    assert leave not in client.get("/login").text


def test_the_provider_is_asked_for_a_code_with_state_nonce_and_a_challenge(
    client: TestClient[Litestar],
) -> None:
    first, second = (sent_there(client) for _ in range(2))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(first).query).items()}
    fixed = ("tenant", "response_type", "client_id", "redirect_uri", "scope")
    assert [asked[name] for name in (*fixed, "code_challenge_method")] == [
        *("1", "code", "nabiz", "http://127.0.0.1:8089/login/oidc/callback"),
        *("openid profile email", "S256"),
    ]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 43
        assert asked[name] not in second
    assert challenge(asked["state"]) != asked["code_challenge"]


def test_both_ways_hold_at_once_and_a_login_takes_the_place_of_the_one_before(
    door: Door, client: TestClient[Litestar]
) -> None:
    assert log_in(client, "admin") == 303
    first = client.cookies[COOKIE]
    assert log_in_at(client).status_code == 303
    assert door.access.sessions.find(first) is None
    assert client.get("/v1/audit").status_code == 403
    assert log_in(client, "admin") == 303
    assert client.get("/v1/audit").status_code == 200


def test_without_users_the_company_s_is_the_only_way(tmp_path: Path, company: Company) -> None:
    door = Door(tmp_path, users=False, oidc=company.settings())
    with browser(door) as client:
        assert client.get(STATUS).status_code == 401
        answer = client.get(STATUS, headers={"Accept": "text/html"})
        assert answer.headers["location"] == "/login?next=%2Fv1%2Fstatus"
        page = client.get("/login").text
        assert "Acme &lt;b&gt; ile giriş yap" in page
        assert 'name="password"' not in page
        assert client.post("/login", data={"name": "viewer"}).status_code == 405
        assert log_in_at(client).status_code == 303
        assert client.get(STATUS).status_code == 200


def test_a_session_of_the_company_ends_as_any_other(
    door: Door, client: TestClient[Litestar]
) -> None:
    log_in_at(client)
    door.later(minutes=59)
    assert client.get(STATUS).status_code == 200
    door.later(minutes=60)
    assert client.get(STATUS).status_code == 401


def test_the_highest_role_of_somebody_s_groups_counts(
    company: Company, client: TestClient[Litestar]
) -> None:
    company.says["groups"] = ["guests", "cx-leads", "cx"]
    log_in_at(client)
    assert client.get("/v1/audit").status_code == 200


def test_a_key_that_the_provider_changes_is_taken_up_at_once(
    company: Company, client: TestClient[Litestar]
) -> None:
    for key in (company.key, RSAKey.generate_key(2048, {"kid": "one"})):
        company.key = key
        assert log_in_at(client).status_code == 303
    assert company.asked.count("discovery") == 1


def test_however_many_log_in_from_one_address_nobody_waits(client: TestClient[Litestar]) -> None:
    assert {log_in_at(client).status_code for _ in range(21)} == {303}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_we_show_who_we_are_as_the_provider_wants_it(
    tmp_path: Path, company: Company, method: str
) -> None:
    company.methods = [method]
    secret = {"oidc_client_secret": ""} if method == "none" else {}
    with browser(Door(tmp_path, oidc=company.settings(**secret))) as client:
        assert log_in_at(client).status_code == 303


def test_under_tls_the_way_back_and_the_cookies_are_for_this_host_alone(
    tmp_path: Path, company: Company
) -> None:
    with browser(Door(tmp_path, oidc=company.settings()), "https://127.0.0.1") as client:
        begun = client.get("/login/oidc")
        back = httpx.get(begun.headers["location"], trust_env=False).headers["location"]
        assert back.startswith("https://127.0.0.1/login/oidc/callback?code=")
        ended = client.get(back)
    cookies = begun.headers.get_list("set-cookie") + ended.headers.get_list("set-cookie")
    assert [one.partition("=")[0] for one in cookies] == [
        *("__Host-nabiz_login", "__Host-nabiz_session", "__Host-nabiz_device"),
        "__Host-nabiz_login",
    ]
    for one in cookies:
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(one.split("; "))


def test_the_address_of_the_answer_holds_once(
    company: Company, client: TestClient[Litestar]
) -> None:
    back = sent_back(sent_there(client))
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 401
    assert company.asked.count("token") == 1
    assert client.get(STATUS).status_code == 200


def test_the_doctor_asks_the_provider_and_reads_the_file_of_users(
    door: Door, company: Company
) -> None:
    both = [*check_logins(company.settings(users=str(door.file)))]
    assert [(one.check, one.state, one.found) for one in both] == [
        ("users", "ok", "3 may log in with a password"),
        ("OpenID provider", "ok", f"{company.url} answers, with 2 keys"),
    ]
    company.offers = {"issuer": "https://other.example"}
    wrong = company.settings(users=str(door.file / "missing"))
    users, provider = check_logins(wrong)
    assert (users.state, provider.state) == ("problem", "problem")
    assert "nabiz users add" in users.found
    assert "its issuer is https://other.example" in provider.found
    assert [*check_logins(AccessSettings())] == []
