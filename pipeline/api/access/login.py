"""Logging in and out."""

import asyncio
import ipaddress
from datetime import datetime

from litestar import MediaType, Response, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline import metrics
from pipeline.api.access import throttle
from pipeline.api.access.access import Access, AnyRequest, address, cookie_name
from pipeline.api.access.accounts import Account, AccountBook
from pipeline.api.access.login_page import language_of, local_path, login_page
from pipeline.api.access.needs import PUBLIC, needs
from pipeline.api.access.passwords import Passwords
from pipeline.api.access.user import User

UNKNOWN = User("unknown", "viewer")
"""Stands in the audit trail for a name that nobody has: what was typed may be a password."""

CHECKED_AT_ONCE = 2
"""Each check of a password takes 64 MiB."""


def login_routes(access: Access) -> list[ControllerRouterHandler]:
    """Make the routes /login and /logout, where there are users to log in."""
    if access.book is None:
        return []
    desk = _Desk(access.book, access.passwords or Passwords())

    @get("/login", opt=PUBLIC, include_in_schema=False)
    async def page(request: AnyRequest) -> Response[str]:
        asked = request.query_params
        goes_to = local_path(asked.get("next", "/"))
        return _page(request, 200, asked.get("lang", ""), goes_to)

    @post("/login", opt=PUBLIC, include_in_schema=False, request_max_body_size=16_384)
    async def log_in(request: AnyRequest) -> Response[str] | Redirect:
        form = {name: str(value) for name, value in (await request.form()).items()}
        goes_to = local_path(form.get("next", "/"))
        keys = _keys(form.get("name", ""), address(request))
        if left := desk.wait(keys, access.clock()):
            metrics.LOGINS.labels("throttled").inc()
            return _page(request, 429, form.get("lang", ""), goes_to, "wait", left)
        account, fits = await desk.check(form.get("name", ""), form.get("password", ""), keys)
        if account is None or not fits:
            metrics.LOGINS.labels("refused").inc()
            access.note(request, account.user if account else UNKNOWN, 401, "login")
            return _page(request, 401, form.get("lang", ""), goes_to, "wrong")
        metrics.LOGINS.labels("accepted").inc()
        access.note(request, account.user, 303, "login")
        access.sessions.end(request.cookies.get(cookie_name(request), ""))
        return Redirect(
            goes_to, status_code=303, cookies=[_cookie(request, access.sessions.begin(account))]
        )

    @post("/logout", opt=needs("viewer", audit="logout"), include_in_schema=False)
    async def log_out(request: AnyRequest) -> Redirect:
        access.sessions.end(request.cookies.get(cookie_name(request), ""))
        gone = _cookie(request, "", max_age=0)
        return Redirect("/login", status_code=303, cookies=[gone])

    return [page, log_in, log_out]


class _Desk:
    """Checks passwords, a few at a time, and remembers who tried."""

    def __init__(self, book: AccountBook, passwords: Passwords) -> None:
        self._book = book
        self._passwords = passwords
        self._attempts: throttle.Attempts = {}
        self._places = asyncio.Semaphore(CHECKED_AT_ONCE)

    def wait(self, keys: list[throttle.Key], now: datetime) -> int:
        """Return the seconds to wait, or 0 and count the attempt."""
        at = now.timestamp()
        if left := throttle.wait(self._attempts, keys, at):
            return throttle.whole_seconds(left)
        self._attempts = throttle.charged(self._attempts, keys, at)
        return 0

    async def check(
        self, name: str, password: str, keys: list[throttle.Key]
    ) -> tuple[Account | None, bool]:
        """Return the account of this name and whether the password is its own.

        An unknown name takes as long: its password is checked against a decoy.
        """
        account = self._book.find(name)
        kept = account.password if account else self._passwords.decoy
        async with self._places:
            fits = await asyncio.to_thread(self._passwords.fits, kept, password)
        if account and fits:
            self._attempts = throttle.forgiven(self._attempts, keys)
        return account, fits


def _page(
    request: AnyRequest, status: int, asked: str, goes_to: str, message: str = "", seconds: int = 0
) -> Response[str]:
    language = language_of(asked, request.headers.get("accept-language", ""))
    return Response(
        login_page(language, goes_to, message, seconds),
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Retry-After": str(seconds)} if seconds else {},
    )


def _cookie(request: AnyRequest, secret: str, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=cookie_name(request),
        value=secret,
        max_age=max_age,
        path="/",
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="lax",
    )


def _keys(name: str, source: str) -> list[throttle.Key]:
    """Return what an attempt counts for; of an IPv6 address its /64, which is one customer's."""
    try:
        parsed = ipaddress.ip_address(source)
    except ValueError:  # no address, as in tests
        pass
    else:
        if parsed.version == 6:
            source = str(ipaddress.ip_network((parsed, 64), strict=False))
    return [("name", name[:64].casefold()), ("address", source)]


def to_login(request: AnyRequest, error: NotAuthorizedException) -> Response[object]:
    """Answer who is not logged in: a browser that opens a page goes to the login page."""
    access: Access = request.app.state.access
    if access.book and request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Redirect("/login", status_code=303, query_params={"next": local_path(asked)})
    return Response(
        {"status_code": 401, "detail": error.detail}, status_code=401, headers=error.headers
    )
