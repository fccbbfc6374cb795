"""The routes of a login at the company's OpenID provider: start and callback."""

import hmac
import secrets
from typing import Literal

import structlog
from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline.access.access import Access, AnyRequest, address, cookie_name
from pipeline.access.authorization import PUBLIC
from pipeline.access.login_flow import (
    UNKNOWN,
    Attempts,
    cookie,
    known_device,
    let_in,
    origin_key,
    page,
)
from pipeline.access.oidc.claims import NoUser, user_of
from pipeline.access.oidc.flow import LONGEST, Flow, opened, sealed
from pipeline.access.oidc.provider import Provider, ProviderAway
from pipeline.access.oidc.spent import Spent
from pipeline.access.oidc.token import Untrusted
from pipeline.access.user import User
from pipeline.common import metrics
from pipeline.common.urls import local_path

log = structlog.get_logger(__name__)

START, BACK = "/login/oidc", "/login/oidc/callback"
FLOW_COOKIE = "nabiz_login"
WHAT = "login.oidc"
"""The name of these logins in the audit trail."""


class _Refusal(Exception):  # noqa: N818 - a verdict
    """Ends a login with this status and this text of the login page."""

    def __init__(self, status: Literal[401, 403, 503], text: str, name: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.user = User(name, "viewer") if name else UNKNOWN


def company_routes(access: Access, provider: Provider) -> list[ControllerRouterHandler]:
    """Make the route /login/oidc, which redirects to the provider, and its callback."""
    key = secrets.token_bytes(32)
    # Attempts are counted before the user is known; the client secret survives a restart.
    device_key = provider.settings.oidc_client_secret.get_secret_value().encode() or key
    logins, strays, spent = Attempts(), Attempts(), Spent()

    @get(START, opt=PUBLIC, include_in_schema=False)
    async def begin(request: AnyRequest) -> Response[str] | Redirect:
        query = request.query_params
        flow = Flow(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            goes_to=local_path(query.get("next", "/")),
            language=query.get("lang", "")[:2],
            began=access.clock().timestamp(),
        )
        try:
            there = await provider.login_url(_back(request), flow)
        except ProviderAway as away:
            return _ended(request, flow, _away(away))
        flow_cookie = cookie(request, FLOW_COOKIE, sealed(flow, key), max_age=int(LONGEST))
        return Redirect(there, status_code=303, cookies=[flow_cookie])

    @get(BACK, opt=PUBLIC, include_in_schema=False)
    async def callback(request: AnyRequest) -> Response[str] | Redirect:
        now = access.clock()
        flow = opened(
            request.cookies.get(cookie_name(request, FLOW_COOKIE), ""), key, now.timestamp()
        )
        if flow and not _same(flow.state, request.query_params.get("state", "")):
            flow = None
        # Other sites can cause stray callbacks, which must not throttle real logins.
        attempts = logins if flow else strays
        keys = known_device(request, "", device_key) or [origin_key(address(request))]
        if left := attempts.wait(keys, now):
            metrics.LOGINS.labels("throttled").inc()
            return page(access, request, 429, "", "/", "wait", seconds=left)
        try:
            if flow is None or not spent.spend(flow, now.timestamp()):
                raise _Refusal(401, "stray")
            user = await _user(access, provider, request, flow)
        except _Refusal as refusal:
            access.note(request, refusal.user, refusal.status, WHAT)
            return _ended(request, flow, refusal)
        attempts.forgive(keys)
        answer = let_in(access, request, user, WHAT, flow.goes_to, None, ("", device_key))
        answer.cookies.append(_gone(request))
        return answer

    def _ended(request: AnyRequest, flow: Flow | None, refusal: _Refusal) -> Response[str]:
        metrics.LOGINS.labels("unavailable" if refusal.status == 503 else "refused").inc()
        language, goes_to = (flow.language, flow.goes_to) if flow else ("", "/")
        answer = page(access, request, refusal.status, language, goes_to, refusal.text)
        answer.cookies.append(_gone(request))
        return answer

    return [begin, callback]


async def _user(access: Access, provider: Provider, request: AnyRequest, flow: Flow) -> User:
    """Return the user whom the provider authenticated. Raises _Refusal."""
    query = request.query_params
    try:
        if query.get("iss", provider.settings.oidc_issuer) != provider.settings.oidc_issuer:
            raise Untrusted("the answer is from another issuer")  # RFC 9207
        if "code" not in query:
            raise Untrusted(f"it answered {query.get('error', 'no code')[:100]!r}")
        claims = await provider.claims(query["code"], _back(request), flow)
        user = user_of(
            claims,
            name_claim=provider.settings.oidc_name_claim,
            role_claim=provider.settings.oidc_role_claim,
            roles=provider.settings.oidc_roles,
        )
        if access.book and access.book.find(user.name):
            raise NoUser("taken", user.name)  # otherwise one could act as the other
    except ProviderAway as away:
        raise _away(away) from None
    except Untrusted as why:
        log.warning("a login at the OpenID provider was refused", reason=str(why))
        raise _Refusal(401, "refused") from None
    except NoUser as nobody:
        raise _Refusal(403, nobody.why, nobody.name) from None
    return user


def _away(why: ProviderAway) -> _Refusal:
    log.error("the OpenID provider does not answer correctly", reason=str(why))
    return _Refusal(503, "away")


def _back(request: AnyRequest) -> str:
    """Return the callback URL; the guard has checked its host."""
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}{BACK}"


def _gone(request: AnyRequest) -> Cookie:
    return cookie(request, FLOW_COOKIE, "", max_age=0)


def _same(first: str, second: str) -> bool:
    return hmac.compare_digest(first.encode(), second.encode())
