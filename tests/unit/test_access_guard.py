"""Who gets through to which route, and what every answer has."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, URLEncodedBody
from litestar.testing import TestClient
from pydantic import SecretStr

from pipeline.api import service as service_module
from pipeline.api.access.access import (
    COOKIE,
    Access,
    AnyRequest,
    Recognise,
    about,
    csrf_token,
    still_allowed,
)
from pipeline.api.access.accounts import AccountError, change_accounts, removed
from pipeline.api.access.needs import needs
from pipeline.api.access.origin import SAFE_METHODS
from pipeline.api.access.trail import Trail
from pipeline.api.access.user import LOCAL, MACHINE, ROLES, Role, User
from pipeline.api.server import access_of, listen
from pipeline.setting_groups import AccessSettings, ApiSettings
from pipeline.settings import Settings
from tests.unit.door import HERE, TOKEN, Door, browser, log_in
from tests.unit.test_api import FakePublisher, FakeStore, api

RETRY = "/v1/dead-letters/retry"


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


@pytest.fixture(autouse=True)
def _no_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "Publisher", FakePublisher)


@pytest.fixture
def admin(door: Door) -> Iterator[TestClient[Litestar]]:
    with browser(door) as client:
        assert log_in(client, "admin") == 303
        yield client


def routes(door: Door) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in door.app.routes:
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS"}:
                yield method, route.path, handler


def token_of(door: Door, client: TestClient[Litestar]) -> str:
    session = door.access.sessions.find(client.cookies[COOKIE])
    assert session is not None
    return session.csrf_token


def test_every_route_says_who_may_use_it(door: Door) -> None:
    declared = {path: handler.opt.get("needs", "nothing") for _, path, handler in routes(door)}
    assert len(declared) > 10
    assert set(declared.values()) <= {None, *ROLES}
    assert {path for path, role in declared.items() if role is None} == {
        *("/healthz", "/metrics", "/login"),
    }


def test_what_changes_something_and_what_shows_a_customer_is_audited(door: Door) -> None:
    for method, path, handler in routes(door):
        if (method != "GET" and handler.opt["needs"]) or "customer" in path:
            assert handler.opt["audit"], path


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_may_do_what_its_routes_say(door: Door, role: Role | None) -> None:
    with browser(door) as client:
        for method, path, handler in list(routes(door)):
            needed = handler.opt["needs"]
            if path in ("/login", "/logout"):
                continue
            headers = {}
            if role:
                client.cookies.clear()
                assert log_in(client, role) == 303
                headers = {"X-CSRF-Token": token_of(door, client)}
            answer = client.request(method, path, headers=headers)
            if needed is None or (role and ROLES.index(role) >= ROLES.index(needed)):
                assert answer.status_code not in (401, 403), path
            else:
                assert answer.status_code == (403 if role else 401), path


def test_the_token_is_an_admin_without_a_cookie(door: Door) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with browser(door, "http://api.internal:8089") as client:
        assert client.get("/v1/audit", headers=bearer).status_code == 200
        assert client.post(RETRY, json={}, headers=bearer).status_code == 200
        wrong = {"Authorization": "Bearer wrong"}
        assert client.get("/v1/status", headers=wrong).status_code == 400
    with browser(door) as client:
        answer = client.get("/v1/status", headers=wrong)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "log in at /login" in answer.json()["detail"]
        assert "/login" not in answer.headers.get("location", "")
    assert [(one.by, one.role) for one in door.trace()] == [("token", "admin")] * 2


def test_a_route_that_declares_nothing_is_open_to_nobody() -> None:
    @get("/forgotten")
    async def forgotten() -> str:
        return "secret"

    access = Access(Trail(lambda _: None), lambda: datetime.now(UTC))
    app = Litestar([forgotten], guards=[access.guard], middleware=[Recognise], logging_config=None)
    app.state.access = access
    with TestClient(app, base_url=HERE) as client:
        assert client.get("/forgotten").status_code == 403


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
    access = Access(Trail(lambda _: None), lambda: datetime.now(UTC))
    with TestClient(api(FakeStore(), access=access)) as client:
        answer = client.get("/v1/status", headers={"Host": host})
        assert answer.status_code == status
        if status == 400:
            assert "NABIZ_ACCESS_HOSTS" in answer.json()["detail"]
        assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/status", 401), ("/login", 200), ("/nowhere", 404), ("/healthz", 500), ("/metrics", 200)],
)
def test_every_answer_has_the_security_headers(door: Door, path: str, status: int) -> None:
    door.store.fault = KeyError()
    with browser(door) as client:
        answer = client.get(path)
        assert answer.status_code == status
        policy = answer.headers["content-security-policy"].split("; ")
        assert policy == [
            *("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"),
            *("form-action 'self'", "object-src 'none'"),
        ]
        expected = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }
        assert {name: answer.headers.get(name) for name in expected} == expected
        assert "strict-transport-security" not in answer.headers
    with browser(door, "https://127.0.0.1") as client:
        assert client.get(path).headers["strict-transport-security"] == "max-age=31536000"


def test_looks_and_deeds_are_noted_allowed_or_not(door: Door, admin: TestClient[Litestar]) -> None:
    admin.get("/v1/customer?customer_id=c%2F1")
    admin.get("/v1/status")
    with browser(door) as client:
        client.get("/v1/customer?customer_id=c2")
        log_in(client, "viewer", "wrong")
        log_in(client, "a password typed as a name")
        log_in(client, "viewer")
        client.get("/v1/audit", params={"customer_id": "c3"})
    noted = [(one.by, one.role, one.what, one.status, one.customer_id) for one in door.trace()]
    assert noted == [
        ("admin", "admin", "login", 303, None),
        ("admin", "admin", "customer.viewed", 404, "c/1"),
        ("viewer", "viewer", "login", 401, None),
        ("unknown", "viewer", "login", 401, None),
        ("viewer", "viewer", "login", 303, None),
        ("viewer", "viewer", "audit.viewed", 403, "c3"),
    ]
    assert {one.address for one in door.noted} == {"testclient"}
    assert {one.at for one in door.noted} == {door.now}


def test_a_handler_may_say_what_the_address_does_not(door: Door) -> None:
    @post("/acts/{alert_id:str}", status_code=200, opt=needs("viewer", audit="alert.acted"))
    async def acts(
        request: AnyRequest, alert_id: FromPath[str], data: URLEncodedBody[dict[str, str]]
    ) -> dict[str, object]:
        about(request, what=f"alert.{data['kind']}", customer_id="c1")
        before = still_allowed(request)
        change_accounts(door.file, lambda all_: removed(all_, "viewer"))
        user: User = request.user
        return {
            "user": user.name,
            "csrf": csrf_token(request),
            "still": [before, still_allowed(request)],
        }

    door.app.register(acts)
    with browser(door) as client:
        log_in(client, "viewer")
        token = token_of(door, client)
        form = {"csrf_token": token, "kind": "assign"}
        expected = {"user": "viewer", "csrf": token, "still": [True, False]}
        assert client.post("/acts/a1", data=form).json() == expected
    last = door.trace()[-1]
    assert (last.what, last.alert_id, last.customer_id) == ("alert.assign", "a1", "c1")


def test_on_this_machine_without_users_whoever_asks_is_local() -> None:
    trail = Trail(lambda _: None)
    access = access_of(Settings(), trail)
    app = api(FakeStore(), access=access)
    with TestClient(app, base_url=HERE) as client:
        assert client.get("/v1/audit").status_code == 200
        assert client.get("/login").status_code == 404
    assert LOCAL.may("admin")
    assert MACHINE.may("admin")
    assert SAFE_METHODS.isdisjoint({"POST", "PUT", "PATCH", "DELETE"})


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


def test_users_open_other_hosts_and_an_empty_file_of_them_does_not(
    socket_enabled: None, door: Door, tmp_path: Path
) -> None:
    with listen(ApiSettings(host="0.0.0.0", port=0), login=True) as listener:
        assert listener.getsockname()[1] > 0
    empty = tmp_path / "empty.yaml"
    empty.write_text("users: []", encoding="utf-8")
    for path in (empty, tmp_path / "missing.yaml"):
        with pytest.raises(AccountError, match="nabiz users add"):
            access_of(Settings(access=AccessSettings(users=str(path))), door.trail)
