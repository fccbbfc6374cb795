"""The tokens by which APIs of sources know a connection: given, or fetched (OAuth 2, RFC 6749)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import httpx
import msgspec

from pipeline.connectors.connection import Connection

PLACE = "{access_token}"
"""Stands for the token in a header."""
EARLY = 60.0
"""Seconds before its end that a token is renewed."""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 3_600.0


class TokenRefused(httpx.HTTPError):
    """There is no token; the message says why."""


class AccessTokens:
    """Tokens by connection, fetched when they are needed."""

    def __init__(self, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now
        self._tokens: dict[str, tuple[str, float]] = {}

    def discard(self, connection: Connection) -> None:
        """Fetch another token for the next question: this one was refused."""
        self._tokens.pop(connection.name, None)

    async def headers(
        self, headers: Iterable[tuple[str, str]], connection: Connection
    ) -> dict[str, str]:
        """Return headers with the token in its place. Raises httpx.HTTPError."""
        token = await self._token(connection)
        given = {name.lower(): value.replace(PLACE, token or "") for name, value in headers}
        return {"authorization": f"Bearer {token}", **given} if token else given

    async def _token(self, connection: Connection) -> str | None:
        settings = connection.settings
        if "token_url" not in settings:
            return _first(settings.get("access_token"))
        token, until = self._tokens.get(connection.name, ("", 0.0))
        if self._now().timestamp() >= until:
            fetched = await self._fetched(settings)
            token = fetched.access_token
            until = self._now().timestamp() + fetched.expires_in - EARLY
            self._tokens[connection.name] = token, until
        return token

    async def _fetched(self, settings: dict[str, Any]) -> _Token:
        refresh = _first(settings.get("refresh_token"))
        form = {
            "grant_type": "refresh_token" if refresh else "client_credentials",
            "client_id": settings.get("client_id"),
            "client_secret": _first(settings.get("client_secret")),
            "refresh_token": refresh,
        }
        data = {name: str(value) for name, value in form.items() if value}
        response = await self._client.post(settings["token_url"], data=data)
        try:
            return msgspec.json.decode(response.raise_for_status().content, type=_Token)
        except (msgspec.DecodeError, httpx.HTTPStatusError):
            why = f"no token, the answer was {response.status_code}"
            raise TokenRefused(why) from None


def _first(secret: Any) -> str | None:
    """Return the first of several secrets of which any is good."""
    first: str | None = secret[0] if isinstance(secret, list) else secret
    return first
