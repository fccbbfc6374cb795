"""Requests that a page of another site forged, and host names that are not ours."""

from datetime import UTC, datetime

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from pydantic import SecretStr

from pipeline.access.access import Access, AccessConfig, AccessDependencies
from pipeline.access.trail import AuditTrail
from pipeline.config.access import AccessSettings, ApiSettings
from pipeline.config.settings import Settings
from pipeline.web.app import access_of
from tests.support.login_api import HERE, RETRY, TOKEN, Door, browser, log_in, token_of
from tests.support.stand_in_api import FakeStore, api


def test_a_form_or_a_script_of_ours_sends_the_token_of_its_session(
    door: Door, admin: TestClient[Litestar]
) -> None:
    token = token_of(door, admin)
    assert admin.post(RETRY, json={}, headers={"X-CSRF-Token": token}).status_code == 200
    form = admin.post("/logout", data={"csrf_token": token}, headers={"Origin": HERE})
    assert form.status_code == 303


@pytest.mark.parametrize("token", [None, "", "forged", "ş"])
def test_without_the_token_of_the_session_nothing_is_changed(
    door: Door, admin: TestClient[Litestar], token: str | None
) -> None:
    given = {} if token is None else {"csrf_token": token}
    assert admin.post("/logout", data=given).status_code == 403
    if token and token.isascii():
        assert admin.post(RETRY, json={}, headers={"X-CSRF-Token": token}).status_code == 403
    assert admin.post(RETRY, json=given).status_code == 403
    assert admin.get("/v1/status").status_code == 200


def test_the_token_of_another_session_is_forged(door: Door, admin: TestClient[Litestar]) -> None:
    with browser(door) as other:
        log_in(other, "admin")
        forged = {"X-CSRF-Token": token_of(door, other)}
    assert admin.post(RETRY, json={}, headers=forged).status_code == 403


ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": HERE},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_page_of_another_site_changes_nothing_even_with_the_token(
    door: Door, admin: TestClient[Litestar], headers: dict[str, str]
) -> None:
    token = {"X-CSRF-Token": token_of(door, admin)}
    assert admin.post(RETRY, json={}, headers=headers | token).status_code == 403
    data = {"name": "viewer", "password": "x"}
    assert admin.post("/login", data=data, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_nor_does_it_where_nobody_need_log_in(headers: dict[str, str]) -> None:
    with TestClient(api(FakeStore())) as client:
        assert client.post(RETRY, json={}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": HERE}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
)
def test_programs_and_pages_of_ours_may(
    door: Door, admin: TestClient[Litestar], headers: dict[str, str]
) -> None:
    token = {"X-CSRF-Token": token_of(door, admin)}
    assert admin.post(RETRY, json={}, headers=headers | token).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *[(ours, 200) for ours in ("localhost", "LOCALHOST:8089", "127.0.0.1:1", "[::1]:8089")],
        *[
            (other, 400)
            for other in (
                *(
                    "evil.example",
                    "evil.example:8089",
                    "localhost.evil.example",
                    "127.0.0.1.nip.io",
                ),
                *("[::1", "", "localhost@evil.example"),
            )
        ],
    ],
)
def test_another_host_name_is_refused(host: str, status: int) -> None:
    access = Access(
        AccessConfig(), AccessDependencies(AuditTrail(lambda _: None), lambda: datetime.now(UTC))
    )
    with TestClient(api(FakeStore(), access=access)) as client:
        answer = client.get("/v1/status", headers={"Host": host})
        assert answer.status_code == status
        if status == 400:
            assert "NABIZ_ACCESS_HOSTS" in answer.json()["detail"]
        assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_the_names_that_are_set_open_it(door: Door) -> None:
    settings = Settings(
        api=ApiSettings(host="10.0.0.5", token=SecretStr(TOKEN)),
        access=AccessSettings(hosts="Nabiz.example, cx.example", users=str(door.file)),
    )
    app = api(FakeStore(), access=access_of(settings, door.trail))
    for name in ("nabiz.example", "cx.example:8443", "10.0.0.5:8089", "127.0.0.1"):
        with TestClient(app, base_url=f"http://{name}") as client:
            assert client.get("/login").status_code == 200


@pytest.mark.parametrize("every_address", ["0.0.0.0", "::"])
def test_the_address_that_stands_for_all_is_no_name(door: Door, every_address: str) -> None:
    settings = Settings(api=ApiSettings(host=every_address, token=SecretStr(TOKEN)))
    app = api(FakeStore(), access=access_of(settings, door.trail))
    with TestClient(app, base_url=HERE) as client:
        for host, status in ((f"[{every_address}]", 400), ("0.0.0.0", 400), ("127.0.0.1", 401)):
            assert client.get("/v1/status", headers={"Host": host}).status_code == status
