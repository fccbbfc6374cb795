"""What no login at an OpenID provider gets past, tried with a provider that is real and lies."""

import base64
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey
from litestar import Litestar
from litestar.testing import TestClient
from structlog.testing import capture_logs

from pipeline.access.access import COOKIE
from pipeline.access.oidc.routes import FLOW_COOKIE
from tests.support.login_api import Door, browser, log_in
from tests.support.oidc_browser import STATUS, log_in_at, sent_back, sent_there
from tests.support.oidc_provider import CLIENT, Company, serving, signed
from tests.support.stand_in_api import NOW

OTHER_KEY = RSAKey.generate_key(2048)
AT = int(NOW.timestamp())


def with_query(url: str, **changed: str) -> str:
    return f"{url.partition('?')[0]}?{urlencode(dict(parse_qsl(urlsplit(url).query)) | changed)}"


def refused(door: Door, client: TestClient[Litestar], answer: Any, words: str) -> None:
    """Check that nobody got in, that a page says so, and the audit trail too."""
    assert answer.status_code == 401
    assert words in answer.text
    assert COOKIE not in client.cookies
    assert FLOW_COOKIE not in client.cookies
    assert client.get(STATUS).status_code == 401
    last = door.trace()[-1]
    assert (last.by, last.what, last.status) == ("unknown", "login.oidc", 401)


LIES: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "of another login"}, "nonce"),
    ({"nonce": None}, "nonce"),
    ({"aud": "another-client"}, "aud"),
    ({"aud": []}, "aud"),
    ({"aud": [CLIENT, "another-client"]}, "azp"),
    ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, "azp"),
    ({"azp": "another-client"}, "azp"),
    ({"iss": "https://evil.example"}, "iss"),
    ({"exp": AT - 61}, "expired_token"),
    ({"exp": None}, "exp"),
    ({"exp": "never"}, "exp"),
    ({"iat": AT + 3_600}, "in the future"),
    ({"nbf": AT + 3_600}, "not yet valid"),
    ({"sub": None}, "sub"),
]


@pytest.mark.parametrize(("lies", "reason"), LIES)
def test_an_id_token_that_is_not_for_this_login_here_and_now(
    company: Company,
    door: Door,
    client: TestClient[Litestar],
    lies: dict[str, Any],
    reason: str,
) -> None:
    company.lies = lies
    with capture_logs() as logs:
        answer = log_in_at(client, lang="en")
    refused(door, client, answer, "Acme &lt;b&gt; did not confirm your login")
    assert reason in logs[0]["reason"]


def unsigned(claims: dict[str, Any], company: Company) -> str:
    return signed(claims, OctKey.generate_key(), "none")


def by_another_key(claims: dict[str, Any], company: Company) -> str:
    return signed(claims, OTHER_KEY)


def by_the_public_key_as_a_secret(claims: dict[str, Any], company: Company) -> str:
    parts = [json.dumps(one).encode() for one in ({"alg": "HS256", "kid": "one"}, claims)]
    body = b".".join(base64.urlsafe_b64encode(one).rstrip(b"=") for one in parts)
    mac = hmac.digest(company.key.as_pem(private=False), body, "sha256")
    return (body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def changed_afterwards(claims: dict[str, Any], company: Company) -> str:
    good = signed(claims, company.key).split(".")
    bad = signed({**claims, "groups": ["cx-leads"]}, OTHER_KEY).split(".")
    return f"{good[0]}.{bad[1]}.{good[2]}"


def no_token(claims: dict[str, Any], company: Company) -> str:
    return "ş.a.b"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (unsigned, "'none' is not allowed"),
        (by_another_key, "bad_signature"),
        (by_the_public_key_as_a_secret, "'HS256' is not allowed"),
        (changed_afterwards, "bad_signature"),
        (no_token, "decode_error"),
    ],
)
def test_an_id_token_that_the_provider_has_not_signed(
    company: Company,
    door: Door,
    client: TestClient[Litestar],
    forge: Callable[[dict[str, Any], Company], str],
    reason: str,
) -> None:
    company.sign = lambda claims: forge(claims, company)
    with capture_logs() as logs:
        refused(door, client, log_in_at(client), "girişinizi onaylamadı")
    assert reason in logs[0]["reason"]


def test_an_answer_with_another_state(door: Door, client: TestClient[Litestar]) -> None:
    back = sent_back(sent_there(client))
    refused(door, client, client.get(with_query(back, state="guessed")), "burada başlamadı")


def test_an_answer_in_a_browser_that_did_not_ask(
    company: Company, door: Door, client: TestClient[Litestar]
) -> None:
    back = sent_back(sent_there(client))
    with browser(door) as other:
        refused(door, other, other.get(back), "burada başlamadı")
        sent_there(other)
        refused(door, other, other.get(back), "burada başlamadı")
    assert "token" not in company.asked


def test_a_code_that_was_used(company: Company, door: Door, client: TestClient[Litestar]) -> None:
    used = sent_back(sent_there(client))
    assert client.get(used).status_code == 303
    with browser(door) as thief, capture_logs() as logs:
        state = dict(parse_qsl(urlsplit(sent_there(thief)).query))["state"]
        refused(door, thief, thief.get(with_query(used, state=state)), "onaylamadı")
    assert logs[0]["reason"] == "it refused the code: invalid_grant"
    assert company.asked.count("token") == 2


def test_a_flow_whose_cookie_was_kept(
    company: Company, door: Door, client: TestClient[Litestar]
) -> None:
    there = sent_there(client, lang="en")
    kept = client.cookies[FLOW_COOKIE]
    assert client.get(sent_back(there)).status_code == 303
    with browser(door) as thief:
        thief.cookies.set(FLOW_COOKIE, kept, domain="127.0.0.1")
        refused(door, thief, thief.get(sent_back(there)), "did not begin here")
    assert company.asked.count("token") == 1


def test_a_code_that_was_given_to_somebody_else(door: Door, client: TestClient[Litestar]) -> None:
    with browser(door) as victim:
        code = dict(parse_qsl(urlsplit(sent_back(sent_there(victim))).query))["code"]
    back = sent_back(sent_there(client))
    refused(door, client, client.get(with_query(back, code=code)), "onaylamadı")


def test_a_login_that_took_too_long(door: Door, client: TestClient[Litestar]) -> None:
    back = sent_back(sent_there(client))
    door.later(minutes=10)
    refused(door, client, client.get(back), "çok uzun sürdü")


def test_what_the_provider_itself_refuses(door: Door, client: TestClient[Litestar]) -> None:
    state = dict(parse_qsl(urlsplit(sent_there(client)).query))["state"]
    with capture_logs() as logs:
        answer = client.get(f"/login/oidc/callback?error=access_denied&state={state}")
    refused(door, client, answer, "onaylamadı")
    assert logs[0]["reason"] == "it answered 'access_denied'"


def test_an_answer_of_another_issuer(door: Door, client: TestClient[Litestar]) -> None:
    back = with_query(sent_back(sent_there(client)), iss="https://evil.example")
    refused(door, client, client.get(back), "onaylamadı")


def test_a_secret_that_is_not_ours(tmp_path: Path, company: Company) -> None:
    door = Door(tmp_path, oidc=company.settings(oidc_client_secret="wrong"))
    with browser(door) as client, capture_logs() as logs:
        refused(door, client, log_in_at(client), "onaylamadı")
    assert logs[0]["reason"] == "it refused the code: invalid_client"


@pytest.mark.parametrize(
    ("says", "words", "by"),
    [
        ({"groups": ["staff"]}, "has no role in Nabız", "ayse"),
        ({"groups": None}, "has no role in Nabız", "ayse"),
        ({"preferred_username": "token"}, "has no name that Nabız can use", "unknown"),
        ({"preferred_username": "<b>ayse</b>"}, "has no name that Nabız can use", "unknown"),
        ({"preferred_username": None}, "has no name that Nabız can use", "unknown"),
        ({"preferred_username": "Viewer"}, "logs in with a password", "viewer"),
    ],
)
def test_somebody_real_who_has_no_place_here_is_told_so(
    company: Company,
    door: Door,
    client: TestClient[Litestar],
    says: dict[str, Any],
    words: str,
    by: str,
) -> None:
    company.says.update(says)
    answer = log_in_at(client, lang="en")
    assert answer.status_code == 403
    assert words in answer.text
    assert COOKIE not in client.cookies
    last = door.trace()[-1]
    assert (last.by, last.role, last.what, last.status) == (by, "viewer", "login.oidc", 403)


def test_a_provider_that_is_away_is_said_to_be_and_is_found_when_it_is_back(
    tmp_path: Path,
) -> None:
    company = Company(lambda: NOW)
    with serving(company):
        port = urlsplit(company.url).port or 0
    door = Door(tmp_path, oidc=company.settings())
    with browser(door) as client:
        with capture_logs() as logs:
            answers = [client.get("/login/oidc?lang=en") for _ in range(2)]
        for answer in answers:
            assert answer.status_code == 503
            assert "does not answer now" in answer.text
        assert "ConnectError" in logs[0]["reason"] or "connect" in logs[0]["reason"].lower()
        assert log_in(client, "viewer") == 303
        with serving(company, port):
            assert client.get("/login/oidc").status_code == 503
            door.later(seconds=2)
            back = sent_back(sent_there(client))
        assert client.get(back).status_code == 503
    last = door.trace()[-1]
    assert (last.by, last.what, last.status) == ("unknown", "login.oidc", 503)


@pytest.mark.parametrize("status", [302, 403, 500])
def test_a_provider_that_fails_while_one_logs_in(
    company: Company, client: TestClient[Litestar], status: int
) -> None:
    company.status = status
    answer = log_in_at(client)
    assert answer.status_code == 503
    assert "yanıt vermiyor" in answer.text


@pytest.mark.parametrize(
    ("offer", "url", "reason"),
    [
        ("issuer", "https://evil.example", "set NABIZ_ACCESS_OIDC_ISSUER to this"),
        ("token_endpoint", "http://example.com/token", "without TLS"),
        ("jwks_uri", "http://example.com/keys", "without TLS"),
        ("authorization_endpoint", "javascript:alert(1)", "without TLS"),
    ],
)
def test_a_provider_that_says_to_be_another_or_to_be_elsewhere_unprotected_is_not_used(
    company: Company, client: TestClient[Litestar], offer: str, url: str, reason: str
) -> None:
    company.offers = {offer: url}
    with capture_logs() as logs:
        assert client.get("/login/oidc").status_code == 503
    assert url in logs[0]["reason"]
    assert reason in logs[0]["reason"]


def test_many_answers_that_nobody_asked_for_wait_and_keep_nobody_out(
    door: Door, client: TestClient[Litestar]
) -> None:
    stray = "/login/oidc/callback?code=a&state=b"
    assert [client.get(stray).status_code for _ in range(21)] == [401] * 20 + [429]
    assert len(door.trace()) == 20
    assert log_in_at(client).status_code == 303


def test_many_logins_that_are_refused_wait(
    company: Company, door: Door, client: TestClient[Litestar]
) -> None:
    company.lies = {"aud": "another-client"}
    statuses = [log_in_at(client).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    door.later(seconds=1)
    company.lies = {}
    assert log_in_at(client).status_code == 303
