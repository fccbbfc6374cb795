"""Steps that all logins share: throttling, the page, the session, the audit entry."""

import ipaddress
from datetime import datetime

from litestar import MediaType, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from pipeline.access import throttle
from pipeline.access.access import COOKIE, Access, AnyRequest, cookie_name
from pipeline.access.devices import DEVICE_COOKIE, LASTS, device_cookie, device_of
from pipeline.access.language import language_of_request
from pipeline.access.login_page import Ways, login_page
from pipeline.access.user import User
from pipeline.common import metrics

UNKNOWN = User("unknown", "viewer")
"""Replaces an unknown name in the audit trail, since what was typed may be a password."""


class Attempts:
    """Remembers recent login attempts."""

    def __init__(self) -> None:
        self._tried: throttle.Attempts = {}

    def wait(self, keys: list[throttle.Key], now: datetime) -> int:
        """Return the seconds to wait; if 0, count the attempt."""
        at = now.timestamp()
        if left := throttle.wait(self._tried, keys, at):
            return throttle.whole_seconds(left)
        self._tried = throttle.charged(self._tried, keys, at)
        return 0

    def forgive(self, keys: list[throttle.Key]) -> None:
        """Discount an attempt that succeeded."""
        self._tried = throttle.forgiven(self._tried, keys)


def origin_key(source: str) -> throttle.Key:
    """Return the throttle key of an address; of an IPv6 address, that of its /64 network."""
    try:
        parsed = ipaddress.ip_address(source)
    except ValueError:  # no address, as in tests
        pass
    else:
        if parsed.version == 6:
            source = str(ipaddress.ip_network((parsed, 64), strict=False))
    return "address", source


def known_device(request: AnyRequest, name: str, key: bytes) -> list[throttle.Key]:
    """Return the throttle key of a browser in which `name` has logged in before, if it is one."""
    device = device_of(_device(request), name, key)
    return [("device", device)] if device else []


def _device(request: AnyRequest) -> str:
    return request.cookies.get(cookie_name(request, DEVICE_COOKIE), "")


def let_in(
    access: Access,
    request: AnyRequest,
    user: User,
    what: str,
    goes_to: str,
    hashed: str | None,
    known_by: tuple[str, bytes],
) -> Redirect:
    """Replace the browser's session by a new one, and redirect to `goes_to`.

    `known_by` are name and key of the device cookie.
    """
    metrics.LOGINS.labels("accepted").inc()
    access.note(request, user, 303, what)
    access.sessions.end(request.cookies.get(cookie_name(request), ""))
    session = cookie(request, COOKIE, access.sessions.begin(user, hashed))
    device = device_cookie(*known_by, _device(request))
    known = cookie(request, DEVICE_COOKIE, device, max_age=LASTS)
    return Redirect(goes_to, status_code=303, cookies=[session, known])


def page(
    access: Access,
    request: AnyRequest,
    status: int,
    language: str,
    goes_to: str,
    message: str = "",
    *,
    seconds: int = 0,
    out: bool = False,
) -> Response[str]:
    """Return the login page, in `language` if it is supported.

    `out`: the user has just logged out.
    """
    provider = access.provider
    ways = Ways(
        password=access.book is not None,
        company=provider.company if provider else "",
        leave_url=provider.leave_url if provider and out else "",
    )
    return Response(
        login_page(language_of_request(request, language), goes_to, message, seconds, ways),
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Retry-After": str(seconds)} if seconds else {},
    )


def cookie(request: AnyRequest, name: str, value: str, max_age: int | None = None) -> Cookie:
    """Return a cookie that scripts cannot read and that no other host receives."""
    return Cookie(
        key=cookie_name(request, name),
        value=value,
        max_age=max_age,
        path="/",
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="lax",
    )
