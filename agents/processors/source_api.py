"""Looks up data missing from deliveries in the APIs of their sources."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any

import httpx
import msgspec

from agents.processors.access_tokens import AccessTokens, TokenRefused
from agents.processors.translation import LookUp
from pipeline.common import metrics
from pipeline.common.token_bucket import TokenBucket
from pipeline.config.connectors import TranslateSettings
from pipeline.connectors.connection import Connection
from pipeline.connectors.language.origins import Origin, origin_of
from pipeline.connectors.outcome import Answer, Request
from pipeline.connectors.polls.access import Access

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before a retry, doubled each time."""
BURST = 10
"""Most requests of a connection at once, after a pause."""
LARGEST = 4_194_304
"""Most bytes of an answer."""
ABSENT = (204, 404, 410)
"""Statuses of a resource that does not exist."""


class _Away(Exception):  # noqa: N818 - may pass
    """The API failed; the message says how, `pause` how long to wait."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause


async def addresses_of(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host; none if it is unknown."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
    except OSError:
        return []
    return [str(place[0]) for *_, place in found]


class SourceApi:
    """Sends GET requests with retries, and only to hosts that the owner of a connection named."""

    def __init__(
        self,
        settings: TranslateSettings,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        addresses: Callable[[str, int], Awaitable[list[str]]] = addresses_of,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Take the wall clock, a function that sleeps, and one that resolves a host."""
        self._settings, self._now, self._sleep = settings, now, sleep
        self._addresses = addresses
        self._client = httpx.AsyncClient(timeout=settings.timeout, transport=transport)
        self._tokens = AccessTokens(self._client, now)
        self._buckets: dict[tuple[str, float], TokenBucket] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def token(self, connection: Connection, access: Access) -> str:
        """Return the access token of a connection, for other protocols. Raises httpx.HTTPError."""
        return await self._tokens.token(connection, access)

    async def ask(self, wanted: LookUp, until: datetime) -> Mapping[Request, Answer]:
        """Return the answer to each request, or the problem that lasted `until` the deadline."""
        answers = [self._answer(request, wanted, until) for request in wanted.requests]
        return dict(zip(wanted.requests, await asyncio.gather(*answers), strict=True))

    async def _answer(self, request: Request, wanted: LookUp, until: datetime) -> Answer:
        connection = wanted.connection
        if problem := await self._unsafe(request.url, wanted.mapping.origins(connection)):
            return self._told(connection, Answer(None, problem), "failed")
        absent_until = wanted.since + timedelta(seconds=self._settings.absent_seconds)
        pause = FIRST_PAUSE
        while True:
            try:
                body = await self._get(request, wanted)
                problem = ""
                if body is not None or not request.retried or self._left(absent_until) <= 0:
                    result = "absent" if body is None else "found"
                    return self._told(connection, Answer(body), result)
                wait = pause
            except _Away as away:
                problem, wait = str(away), max(pause, away.pause)
            if wait > self._left(until):
                return self._told(connection, Answer(None, problem), "failed")
            await self._sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _unsafe(self, url: str, origins: Mapping[Origin, bool]) -> str:
        """Return why an address must not be requested, or ""."""
        origin = origin_of(url)
        if origin is None or origin not in origins:
            return f"{origin.host if origin else 'it'} is named by no setting of the connection"
        found = () if origins[origin] else await self._addresses(origin.host, origin.port)
        if all(ip_address(address).is_global for address in found):
            return ""
        return f"{origin.host} is on a private network: name it in a setting of the connection"

    def _told(self, connection: Connection, answer: Answer, result: str) -> Answer:
        metrics.LOOK_UPS.labels(connection.name, result).inc()
        return answer

    async def _get(self, request: Request, wanted: LookUp) -> Any:
        """Return the parsed JSON, None if the resource does not exist. Raises _Away."""
        connection = wanted.connection
        bucket = self._bucket(wanted)
        while pause := bucket.take(self._now().timestamp()):
            await self._sleep(pause)
        try:
            status, headers, content = await self._send(request, wanted)
        except TokenRefused as error:
            raise _Away(str(error)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Away(f"{_host(request)}: {type(error).__name__}") from None
        metrics.SOURCE_ANSWERS.labels(connection.name, str(status)).inc()
        if status in ABSENT:
            return None
        if status == 401:
            self._tokens.discard(connection)
        if status != 200:
            raise _Away(f"{_host(request)} answers {status}", self._retry_after(headers))
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _Away(f"{_host(request)} answers without JSON") from None

    def _bucket(self, wanted: LookUp) -> TokenBucket:
        rate = wanted.calls_per_second or self._settings.calls_per_second
        key = wanted.connection.name, rate
        return self._buckets.setdefault(key, TokenBucket(rate, BURST))

    async def _send(self, request: Request, wanted: LookUp) -> tuple[int, httpx.Headers, bytes]:
        headers = await self._tokens.headers(
            request.headers, wanted.connection, wanted.mapping.access
        )
        async with self._client.stream("GET", request.url, headers=headers) as response:
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise _Away(f"the answer has more than {LARGEST:,} bytes")
            return response.status_code, response.headers, bytes(content)

    def _left(self, until: datetime) -> float:
        return (until - self._now()).total_seconds()

    def _retry_after(self, headers: Mapping[str, str]) -> float:
        """Return the seconds to wait by `Retry-After` (RFC 9110, 10.2.3)."""
        value = headers.get("retry-after", "")
        if value.isdigit():
            return float(value)
        try:
            return self._left(parsedate_to_datetime(value))
        except (ValueError, TypeError):  # also a time without a zone
            return 0.0


def _host(request: Request) -> str:
    origin = origin_of(request.url)
    return origin.host if origin else "the source"
