"""Who gets through to which route, and what every answer has."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, URLEncodedBody
from litestar.testing import TestClient

from pipeline.access.access import (
    Access,
    AccessConfig,
    AccessDependencies,
    AnyRequest,
    Recognise,
    about,
    csrf_token,
    still_allowed,
)
from pipeline.access.accounts import AccountBook, AccountError, change_accounts, removed
from pipeline.access.authorization import requires
from pipeline.access.origin import SAFE_METHODS
from pipeline.access.trail import AuditTrail
from pipeline.access.user import LOCAL, MACHINE, ROLES, Role, User
from pipeline.config.access import AccessSettings, ApiSettings
from pipeline.config.settings import Settings
from pipeline.web.app import access_of
from pipeline.web.server import listen
from tests.support.login_api import CHEAP, HERE, RETRY, TOKEN, Door, browser, log_in, token_of
from tests.support.simulated_company import Company, app_of
from tests.support.stand_in_api import NOW, FakeStore, api


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS"}:
                yield method, route.path, handler


@pytest.fixture
def whole(door: Door) -> Litestar:
    """The API with logins and with the board."""
    book = AccountBook(door.file)
    app: Litestar = app_of(Company(lambda: NOW), book=book, passwords=CHEAP)
    return app


def test_every_route_says_who_may_use_it(whole: Litestar) -> None:
    declared = {
        (method, path): handler.opt.get("requires", "nothing")
        for method, path, handler in routes(whole)
    }
    assert {"/v1/kpis", "/board/stream"} <= {path for _, path in declared}
    assert set(declared.values()) <= {None, *ROLES}
    assert {path for (_, path), role in declared.items() if role is None} == {
        *("/healthz", "/metrics", "/login", "/board/static/{name:str}"),
    }


STORES_NOTHING = {("POST", "/board/why")}


def test_what_changes_something_and_what_shows_a_customer_is_audited(whole: Litestar) -> None:
    for method, path, handler in routes(whole):
        changes = (
            method != "GET" and handler.opt["requires"] and (method, path) not in STORES_NOTHING
        )
        if changes or "customer" in path:
            assert handler.opt["audit"], path


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_may_do_what_its_routes_say(door: Door, role: Role | None) -> None:
    with browser(door) as client:
        for method, path, handler in list(routes(door.app)):
            needed = handler.opt["requires"]
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


BODIES = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a field": b'{"kind":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "never closed": b"[" * 100_000,
    "no UTF-8": b'{"kind": "\xff"}',
    "no UTF-8 in a free text": b'{"kind": "note", "note": "\xff"}',
    "no JSON": b"\x00{",
    "a huge number": b'{"kind": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain"])
@pytest.mark.parametrize("body", BODIES)
def test_no_body_makes_a_route_fail(whole: Litestar, body: str, kind: str) -> None:
    with TestClient(whole, base_url=HERE, raise_server_exceptions=False) as client:
        client.follow_redirects = False
        client.headers.update({"Authorization": f"Bearer {TOKEN}", "Content-Type": kind})
        for method, path, _ in routes(whole):
            if method != "GET":
                answer = client.request(method, path, content=BODIES[body])
                assert answer.status_code < 500, path


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

    access = Access(
        AccessConfig(), AccessDependencies(AuditTrail(lambda _: None), lambda: datetime.now(UTC))
    )
    app = Litestar([forgotten], guards=[access.guard], middleware=[Recognise], logging_config=None)
    app.state.access = access
    with TestClient(app, base_url=HERE) as client:
        assert client.get("/forgotten").status_code == 403


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
    @post("/acts/{alert_id:str}", status_code=200, opt=requires("viewer", audit="alert.acted"))
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
    trail = AuditTrail(lambda _: None)
    access = access_of(Settings(), trail)
    app = api(FakeStore(), access=access)
    with TestClient(app, base_url=HERE) as client:
        assert client.get("/v1/audit").status_code == 200
        assert client.get("/login").status_code == 404
    assert LOCAL.may("admin")
    assert MACHINE.may("admin")
    assert SAFE_METHODS.isdisjoint({"POST", "PUT", "PATCH", "DELETE"})


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
