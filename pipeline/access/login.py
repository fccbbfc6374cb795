"""The routes of password login and of logout."""

import asyncio

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline.access import throttle
from pipeline.access.access import COOKIE, Access, AnyRequest, address, cookie_name
from pipeline.access.accounts import Account, AccountBook
from pipeline.access.authorization import PUBLIC, requires
from pipeline.access.login_flow import (
    UNKNOWN,
    Attempts,
    cookie,
    known_device,
    let_in,
    origin_key,
    page,
)
from pipeline.access.oidc.routes import company_routes
from pipeline.access.passwords import Passwords
from pipeline.access.sessions import Session
from pipeline.common import metrics
from pipeline.common.urls import local_path

CHECKED_AT_ONCE = 2
"""Concurrent password checks: each takes 64 MiB."""


def login_routes(access: Access) -> list[ControllerRouterHandler]:
    """Make the routes under /login and /logout for the configured logins."""
    if not access.has_login:
        return []

    @get("/login", opt=PUBLIC, include_in_schema=False)
    async def login_form(request: AnyRequest) -> Response[str]:
        query = request.query_params
        goes_to = local_path(query.get("next", "/"))
        return page(access, request, 200, query.get("lang", ""), goes_to, out="out" in query)

    @post("/logout", opt=requires("viewer", audit="logout"), include_in_schema=False)
    async def log_out(request: AnyRequest) -> Redirect:
        access.sessions.end(request.cookies.get(cookie_name(request), ""))
        by_company = isinstance(request.auth, Session) and request.auth.password is None
        gone = cookie(request, COOKIE, "", max_age=0)
        return Redirect("/login?out=1" if by_company else "/login", status_code=303, cookies=[gone])

    ways: list[ControllerRouterHandler] = [login_form, log_out]
    if access.book:
        ways.append(_password_route(access, access.book))
    if access.provider:
        ways.extend(company_routes(access, access.provider))
    return ways


def _password_route(access: Access, book: AccountBook) -> ControllerRouterHandler:
    checker = PasswordChecker(book, access.passwords or Passwords())

    @post("/login", opt=PUBLIC, include_in_schema=False, request_max_body_size=16_384)
    async def log_in(request: AnyRequest) -> Response[str] | Redirect:
        form = {name: str(value) for name, value in (await request.form()).items()}
        name, language = form.get("name", ""), form.get("lang", "")
        goes_to = local_path(form.get("next", "/"))
        keys = _keys(request, name, book.find(name))
        if left := checker.attempts.wait(keys, access.clock()):
            metrics.LOGINS.labels("throttled").inc()
            return page(access, request, 429, language, goes_to, "wait", seconds=left)
        account, fits = await checker.check(name, form.get("password", ""), keys)
        if account is None or not fits:
            metrics.LOGINS.labels("refused").inc()
            access.note(request, account.user if account else UNKNOWN, 401, "login")
            return page(access, request, 401, language, goes_to, "wrong")
        hashed = account.password
        known_by = (name, hashed.encode())
        return let_in(access, request, account.user, "login", goes_to, hashed, known_by)

    return log_in


class PasswordChecker:
    """Checks passwords, a limited number at a time."""

    def __init__(self, book: AccountBook, passwords: Passwords) -> None:
        self._book = book
        self._passwords = passwords
        self.attempts = Attempts()
        self._places = asyncio.Semaphore(CHECKED_AT_ONCE)

    async def check(
        self, name: str, password: str, keys: list[throttle.Key]
    ) -> tuple[Account | None, bool]:
        """Return the account of this name, and whether the password is correct.

        An unknown name takes as long, since its password is checked against a decoy.
        """
        account = self._book.find(name)
        hashed = account.password if account else self._passwords.decoy
        async with self._places:
            fits = await asyncio.to_thread(self._passwords.fits, hashed, password)
        if account and fits:
            self.attempts.forgive(keys)
        return account, fits


def _keys(request: AnyRequest, name: str, account: Account | None) -> list[throttle.Key]:
    """Return the throttle keys of an attempt: the known device alone, else address and name."""
    device = known_device(request, name, account.password.encode()) if account else []
    return device or [("name", name[:64].casefold()), origin_key(address(request))]


def to_login(request: AnyRequest) -> Redirect | None:
    """Redirect a browser that opens a page to the login, if there is one."""
    access: Access = request.app.state.access
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if not (access.has_login and wants_page):
        return None
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Redirect("/login", status_code=303, query_params={"next": local_path(wanted)})
