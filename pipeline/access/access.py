"""Authentication and authorization of requests, and their entries in the audit trail."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import Message, Scope

from pipeline.access.accounts import AccountBook
from pipeline.access.headers import secure
from pipeline.access.known_people import may_be_named
from pipeline.access.oidc.provider import Provider
from pipeline.access.origin import LOOPBACK_NAMES, SAFE_METHODS, from_elsewhere, host_name
from pipeline.access.passwords import Passwords
from pipeline.access.sessions import Session, Sessions, same_password
from pipeline.access.trail import AuditTrail
from pipeline.access.user import LOCAL, MACHINE, User
from pipeline.common.refused import Refused
from pipeline.model.audit import AuditEntry

Connection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]

COOKIE = "nabiz_session"
CSRF_FIELD, CSRF_HEADER = "csrf_token", "x-csrf-token"
_ABOUT = "nabiz_about"


class AccessConfig(msgspec.Struct, frozen=True):
    """How requests are authenticated.

    `token` authenticates programs ("" for none), `hosts` are the accepted host names. A session
    ends after `idle` without use, and `longest` after the login.
    """

    token: str = ""
    hosts: frozenset[str] = LOOPBACK_NAMES
    idle: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(hours=12)


class AccessDependencies(NamedTuple):
    """Components for authentication; without `book` and `provider` nobody can log in."""

    trail: AuditTrail
    clock: Callable[[], datetime]
    book: AccountBook | None = None
    provider: Provider | None = None
    passwords: Passwords | None = None


class Access:
    """Authenticates and authorizes requests. Without login or token, everybody is `LOCAL`."""

    def __init__(self, config: AccessConfig, dependencies: AccessDependencies) -> None:
        self.book = dependencies.book
        self.provider = dependencies.provider
        self.passwords = dependencies.passwords
        self.clock = dependencies.clock
        self.sessions = Sessions(self.clock, config.idle, config.longest)
        self._trail = dependencies.trail
        self._bearer = f"Bearer {config.token}".encode("latin-1") if config.token else None
        self._hosts = config.hosts

    def recognise(self, connection: Connection) -> tuple[User | None, Session | None]:
        """Return the authenticated user, and the session if authentication was by cookie."""
        sent = connection.headers.get("authorization", "").encode("latin-1")
        if self._bearer and hmac.compare_digest(sent, self._bearer):
            return MACHINE, None
        if not self.has_login:
            return (None if self._bearer else LOCAL), None
        session = self.sessions.find(connection.cookies.get(cookie_name(connection), ""))
        user = self._user_now(session) if session else None
        return user, session if user else None

    @property
    def has_login(self) -> bool:
        """Whether any login is configured."""
        return bool(self.book or self.provider)

    def knows(self, name: str) -> bool:
        """Return whether this user may exist; an OpenID provider may know any name."""
        return may_be_named(name, None if self.provider else self.book)

    def _user_now(self, session: Session) -> User | None:
        """Return the user of a session; None if the account is gone or its password changed."""
        if session.password is None:
            return session.user
        account = self.book.find(session.user.name) if self.book else None
        return account.user if account and same_password(session, account) else None

    async def guard(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Authorize a request for its route, or raise the error to answer with."""
        if "requires" not in handler.opt:
            raise PermissionDeniedException("this route declares no required role")
        required, user = handler.opt["requires"], connection.scope.get("user")
        by_token = user is MACHINE
        if not (by_token or handler.opt.get("any_host") or self._is_ours(connection)):
            raise Refused(
                "unknown host name: use one of "
                f"{', '.join(sorted(self._hosts))}, or add this one to NABIZ_ACCESS_HOSTS"
            )
        method = connection.scope.get("method", "GET")  # a WebSocket begins as a GET
        if not by_token and from_elsewhere(str(method), connection.headers):
            raise PermissionDeniedException("the request came from a page of another site")
        if required is None:
            return
        if user is None:
            raise NotAuthorizedException(
                "send the header Authorization: Bearer <NABIZ_API_TOKEN>"
                + (", or log in at /login" if self.has_login else ""),
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not user.may(required):
            raise PermissionDeniedException(f"this needs the role {required}; yours is {user.role}")
        if isinstance(connection.auth, Session) and method not in SAFE_METHODS:
            await self._demand_csrf_token(connection, connection.auth)

    def _is_ours(self, connection: Connection) -> bool:
        return host_name(connection.headers.get("host", "")) in self._hosts

    async def _demand_csrf_token(self, connection: Connection, session: Session) -> None:
        """Compare the CSRF tokens of request and session, in addition to the origin check."""
        token = connection.headers.get(CSRF_HEADER)
        if token is None and isinstance(connection, Request):
            form = await connection.form() if _is_form(connection) else {}
            token = str(form.get(CSRF_FIELD, ""))
        if not hmac.compare_digest((token or "").encode(), session.csrf_token.encode()):
            raise PermissionDeniedException(
                f"the page is out of date, reload it (the request has no valid {CSRF_FIELD})"
            )

    async def before_send(self, message: Message, scope: Scope) -> None:
        """Add security headers to a response, and audit it if its route is audited."""
        if message["type"] != "http.response.start":
            return
        secure(MutableScopeHeaders.from_message(message), scope["scheme"])
        handler, user = scope.get("route_handler"), scope.get("user")
        if handler is not None and user is not None and handler.opt.get("audit"):
            connection: Connection = ASGIConnection(scope)
            about = {
                "what": handler.opt["audit"],
                "customer_id": _parameter(connection, "customer_id"),
                "alert_id": _parameter(connection, "alert_id"),
                **scope["state"].get(_ABOUT, {}),
            }
            self.note(connection, user, message["status"], **about)

    def note(
        self,
        connection: Connection,
        user: User,
        status: int,
        what: str,
        customer_id: str | None = None,
        alert_id: str | None = None,
    ) -> None:
        """Add an entry to the audit trail."""
        self._trail.note(
            AuditEntry(
                audit_id=uuid4().hex,
                at=self.clock(),
                by=user.name,
                role=user.role,
                what=what,
                status=status,
                address=address(connection),
                customer_id=customer_id,
                alert_id=alert_id,
            )
        )


class Recognise(AbstractAuthenticationMiddleware):
    """Sets `request.user` to a User or None, and `request.auth` to a Session or None."""

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Authenticate a request, which restarts the idle time of its session."""
        access: Access = connection.app.state.access
        user, session = access.recognise(connection)
        if session:
            access.sessions.use(session)
        return AuthenticationResult(user, session)


def csrf_token(request: AnyRequest) -> str:
    """Return the CSRF token: forms send it as `csrf_token`, scripts as header X-CSRF-Token.

    "" without a session, which needs none.
    """
    return request.auth.csrf_token if isinstance(request.auth, Session) else ""


def still_allowed(request: AnyRequest) -> bool:
    """Return whether a stream's user may still read it, without using the session."""
    access: Access = request.app.state.access
    user, _ = access.recognise(request)
    return bool(user and request.user and user == request.user)


def about(request: AnyRequest, **known: str) -> None:
    """Add to the audit entry what the URL does not say: `what`, `customer_id`, `alert_id`."""
    request.scope["state"].setdefault(_ABOUT, {}).update(known)


def cookie_name(connection: Connection, name: str = COOKIE) -> str:
    """Return the cookie's name, under TLS with `__Host-` so that no other host can set it."""
    return f"__Host-{name}" if connection.scope["scheme"] == "https" else name


def address(connection: Connection) -> str:
    """Return the client's address."""
    return connection.client.host if connection.client else ""


def _is_form(request: AnyRequest) -> bool:
    return request.content_type[0] in ("application/x-www-form-urlencoded", "multipart/form-data")


def _parameter(connection: Connection, name: str) -> str | None:
    value = connection.path_params.get(name) or connection.query_params.get(name)
    return str(value) if value else None
