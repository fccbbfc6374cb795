"""Key sets of systems that sign tokens, fetched and cached if a connection has none."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import httpx
import msgspec

from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.verify.admission import Admission, Unverified, admit, key_set_url

KEPT_FOR = timedelta(hours=1)
"""How long a key set is used before it is fetched again."""
RENEWED_AFTER = timedelta(minutes=1)
"""How old a key set must be to be fetched again for a token that it does not verify.

The system may have a new key; and whoever sends forged tokens causes one request a minute.
"""
TIMEOUT_S = 2.0
"""Senders give 3 s and more."""
LARGEST = 256 * 1024
"""Most bytes of a key set."""

Fetch: TypeAlias = Callable[[str], Awaitable[Any]]
"""Fetches the key set at an address; None if that fails."""


class _Kept(NamedTuple):
    keys: Any
    asked_at: datetime


class KeySets:
    """Caches fetched key sets. If one cannot be fetched again, the old one stays."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._kept: dict[str, _Kept] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def admitted(
        self, request: Delivery, mapping: Mapping, connection: Connection
    ) -> Admission:
        """Admit a request, with the key set that the connection's scheme needs."""
        url = key_set_url(mapping, connection)
        if url is None:
            return admit(request, mapping, connection)
        verdict = await self._admitted(request, mapping, connection, url, KEPT_FOR)
        if isinstance(verdict, Unverified):
            verdict = await self._admitted(request, mapping, connection, url, RENEWED_AFTER)
        return verdict

    async def _admitted(
        self, request: Delivery, mapping: Mapping, connection: Connection, url: str, age: timedelta
    ) -> Admission:
        keys = await self._keys(url, request.received_at, age)
        settings = {**connection.settings, "jwks": keys}
        return admit(request, mapping, msgspec.structs.replace(connection, settings=settings))

    async def _keys(self, url: str, now: datetime, age: timedelta) -> Any:
        """Return the key set at an address, fetched again if older than a limit."""
        async with self._locks[url]:
            kept = self._kept.get(url)
            if kept is None or now - kept.asked_at >= age:
                keys = await self._fetch(url)
                kept = _Kept(keys or (kept and kept.keys), now)
                self._kept[url] = kept
            return kept.keys


async def fetch_key_set(url: str) -> Any:
    """Fetch the key set at an https address; None if that fails."""
    if not url.startswith("https://"):
        return None
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_S) as client,
            asyncio.timeout(TIMEOUT_S),
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            content = b""
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > LARGEST:
                    return None
        return msgspec.json.decode(content)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, msgspec.DecodeError, RecursionError):
        return None
