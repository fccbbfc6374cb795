"""Credentials of a connection for the API of its source, by its mapping or OAuth 2 settings."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from pipeline.connectors.connection import Connection
from pipeline.connectors.language.compiler import Compiler
from pipeline.connectors.language.expression import Scope
from pipeline.connectors.language.form import AccessForm, BasicAccess, JwtAccess

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""Grant type of exchanging a signed token for an access token (RFC 7523, 2.1)."""


class Grant(NamedTuple):
    """A ready token, or the form that requests one at `token_url`."""

    token: str = ""
    token_url: str = ""
    form: Mapping[str, str] = {}
    scheme: str = "Bearer"


Access: TypeAlias = Callable[[Connection, datetime], Grant | None]
"""Returns the grant of a connection at a time, or None. Raises ValueError with a sentence."""


def by_settings(connection: Connection, _now: datetime) -> Grant | None:
    """Return the configured token, or an OAuth 2 request for one (RFC 6749, 4.4 and 6)."""
    settings = connection.settings
    if "token_url" not in settings:
        token = _first(settings.get("access_token"))
        return Grant(token) if token else None
    refresh = _first(settings.get("refresh_token"))
    form = {
        "grant_type": "refresh_token" if refresh else "client_credentials",
        "client_id": settings.get("client_id"),
        "client_secret": _first(settings.get("client_secret")),
        "refresh_token": refresh,
    }
    given = {name: str(value) for name, value in form.items() if value}
    return Grant(token_url=settings["token_url"], form=given)


def access_of(form: AccessForm | None, compiler: Compiler, where: str) -> Access:
    """Compile an access. Raises MappingError."""
    match form:
        case BasicAccess():
            return _basic(form, compiler, where)
        case JwtAccess():
            return _signed(form, compiler, where)
        case None:
            return by_settings


def _basic(form: BasicAccess, compiler: Compiler, where: str) -> Access:
    username = compiler.required(form.username, f"{where}.username")
    password = compiler.required(form.password, f"{where}.password")

    def access(connection: Connection, _now: datetime) -> Grant:
        scope = Scope(connection.names)
        pair = f"{_text(username(scope), 'username')}:{_text(password(scope), 'password')}"
        return Grant(b64encode(pair.encode()).decode(), scheme="Basic")

    return access


def _signed(form: JwtAccess, compiler: Compiler, where: str) -> Access:
    private_key = compiler.required(form.key, f"{where}.key")
    claims = compiler.values(form.claims, f"{where}.claims")
    headers = compiler.values(form.headers, f"{where}.headers")
    token_url = compiler.value(form.token_url, f"{where}.token_url")
    kind = RSAKey if form.algorithm == "RS256" else ECKey

    def access(connection: Connection, now: datetime) -> Grant:
        scope, issued = Scope(connection.names), int(now.timestamp())
        said: dict[str, Any] = {name: value(scope) for name, value in claims}
        header = {"alg": form.algorithm, **{name: value(scope) for name, value in headers}}
        said |= {"iat": issued, "exp": issued + form.seconds}
        try:
            key = kind.import_key(_text(private_key(scope), "key"))
            token = jwt.encode(header, said, key, algorithms=[form.algorithm])
        except (JoseError, ValueError, TypeError) as error:
            raise ValueError(f"the key cannot sign: {error}") from None
        if token_url is None:
            return Grant(token)
        exchanged = {"grant_type": JWT_BEARER, "assertion": token}
        return Grant(token_url=_text(token_url(scope), "token_url"), form=exchanged)

    return access


def _text(value: Any, name: str) -> str:
    if not value:
        raise ValueError(f"access: `{name}` needs a setting of the connection")
    return str(value)


def _first(secret: Any) -> str | None:
    """Return the first of several valid secrets."""
    first: str | None = secret[0] if isinstance(secret, list) else secret
    return first
