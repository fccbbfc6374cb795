"""Access tokens for the APIs of sources: configured, or fetched by OAuth 2 (RFC 6749)."""

from collections.abc import Callable, Iterable
from datetime import datetime

import httpx
import msgspec

from pipeline.connectors.connection import Connection
from pipeline.connectors.polls.access import Access, Grant

PLACE = "{access_token}"
"""Placeholder of the token in a header."""
EARLY = 60.0
"""Seconds before its expiry that a token is renewed."""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 3_600.0


class TokenRefused(httpx.HTTPError):
    """No token can be had; the message says why."""


class AccessTokens:
    """Access tokens by connection, fetched on demand."""

    def __init__(self, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now
        self._tokens: dict[str, tuple[str, float]] = {}

    def discard(self, connection: Connection) -> None:
        """Drop a refused token; the next request fetches another one."""
        self._tokens.pop(connection.name, None)

    async def token(self, connection: Connection, access: Access) -> str:
        """Return the token. Raises httpx.HTTPError."""
        grant = _granted(access, connection, self._now())
        if grant is None:
            raise TokenRefused("neither a password nor a token is set")
        return await self._token(connection, grant)

    async def headers(
        self, headers: Iterable[tuple[str, str]], connection: Connection, access: Access
    ) -> dict[str, str]:
        """Return the headers with the token filled in. Raises httpx.HTTPError.

        Without a token, its header is left out: the source then answers that it is missing.
        """
        grant = _granted(access, connection, self._now())
        token = await self._token(connection, grant) if grant else ""
        given = {
            name.lower(): value.replace(PLACE, token)
            for name, value in headers
            if token or PLACE not in value
        }
        return {"authorization": f"{grant.scheme} {token}", **given} if grant else given

    async def _token(self, connection: Connection, grant: Grant) -> str:
        if not grant.token_url:
            return grant.token
        token, until = self._tokens.get(connection.name, ("", 0.0))
        if self._now().timestamp() >= until:
            fetched = await self._fetched(grant)
            token = fetched.access_token
            until = self._now().timestamp() + fetched.expires_in - EARLY
            self._tokens[connection.name] = token, until
        return token

    async def _fetched(self, grant: Grant) -> _Token:
        response = await self._client.post(grant.token_url, data=dict(grant.form))
        try:
            return msgspec.json.decode(response.raise_for_status().content, type=_Token)
        except (msgspec.DecodeError, httpx.HTTPStatusError):
            why = f"no token: the answer was {response.status_code}"
            raise TokenRefused(why) from None


def _granted(access: Access, connection: Connection, now: datetime) -> Grant | None:
    try:
        return access(connection, now)
    except ValueError as error:
        raise TokenRefused(str(error)) from None
