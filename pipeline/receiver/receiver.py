"""Handles a request to a connection: admits it, seals it, stores it on the topic, answers."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from math import ceil
from typing import NamedTuple

import msgspec

from pipeline.broker.errors import BrokerUnavailable
from pipeline.common import metrics
from pipeline.common.token_bucket import TokenBucket
from pipeline.config.connectors import ReceiveSettings
from pipeline.connectors.connection import Connection
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.keeping import kept
from pipeline.connectors.language.verify_form import Basic
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.connectors.verify.admission import (
    Accepted,
    Answered,
    Passed,
    Unverified,
    scheme_of,
)
from pipeline.receiver.key_sets import KeySets

METHODS = ("GET", "HEAD", "POST", "PUT")
AWAY_FOR_S = 5
"""Seconds after which a sender should retry while Kafka is down."""
NOBODY = ""
"""Label in the metrics of requests to unknown connections, which could have any name."""
Keep = Callable[[bytes, bytes], Awaitable[None]]
"""Stores a value under a key, durably once it returns. Raises BrokerUnavailable in time."""


class TooLarge(Exception):  # noqa: N818 - a verdict on a request
    """A request has too many bytes."""


class Request(NamedTuple):
    """A request to a named connection.

    `url` has path and query, names of `headers` are in lower case. `read` returns the body, and
    raises TooLarge if it has more bytes than the given limit.
    """

    name: str
    method: str
    url: str
    headers: dict[str, str]
    read: Callable[[int], Awaitable[bytes]]


class Reply(NamedTuple):
    """An answer to a request."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class ReceiverDependencies(NamedTuple):
    """The dependencies of a receiver."""

    book: ConnectionBook
    seal: Seal
    key_sets: KeySets
    keep: Keep
    clock: Callable[[], datetime]


class Receiver:
    """Answers requests. A delivery is stored before it is processed in any way."""

    def __init__(self, limits: ReceiveSettings, dependencies: ReceiverDependencies) -> None:
        self._limits = limits
        self._book, self._seal, self._key_sets, self._keep, self._clock = dependencies
        self._buckets: dict[str, TokenBucket] = {}

    async def reply(self, request: Request) -> Reply:
        """Return the answer to a request. Raises errors of reading the body, except TooLarge."""
        connection = self._book.connections.get(request.name)
        if connection is None:
            metrics.RECEIVED.labels(NOBODY, "unknown").inc()
            return refusal(404, "there is no such connection")
        result, reply = await self._admitted(request, connection)
        metrics.RECEIVED.labels(connection.name, result).inc()
        return reply

    async def _admitted(self, request: Request, connection: Connection) -> tuple[str, Reply]:
        """Return the outcome of a request, as a word for the metrics, and the answer."""
        if request.method not in METHODS:
            allow = ("allow", ", ".join(METHODS))
            return "method", refusal(405, "send deliveries with POST", allow)
        try:
            body = await request.read(self._limits.max_bytes)
        except TooLarge:
            reason = f"a delivery may have {self._limits.max_bytes:,} bytes"
            return "too_large", refusal(413, reason)
        now = self._clock()
        delivery = Delivery(
            connection.name, now, body, request.method, request.url, request.headers
        )
        mapping = self._book.mapping(connection)
        match await self._key_sets.admitted(delivery, mapping, connection):
            case Unverified(reason):
                return "unverified", refusal(401, reason, *_challenge(mapping, connection))
            case Answered(status, text, content_type):
                return "answered", Reply(status, text.encode("utf-8", "replace"), content_type)
            case Passed():
                return "passed", Reply(200)
            case Accepted():
                return await self._kept(delivery, mapping)

    async def _kept(self, delivery: Delivery, mapping: Mapping) -> tuple[str, Reply]:
        if pause := self._bucket(delivery.connection).take(delivery.received_at.timestamp()):
            reason = f"more than {self._limits.rate:,} deliveries a second"
            return "throttled", refusal(429, reason, ("retry-after", str(ceil(pause))))
        sealed = self._seal.sealed(kept(delivery, mapping))
        try:
            await self._keep(delivery.connection.encode(), sealed)
        except BrokerUnavailable:
            retry = ("retry-after", str(AWAY_FOR_S))
            return "away", refusal(503, "deliveries cannot be kept now", retry)
        metrics.RECEIVE_SECONDS.observe((self._clock() - delivery.received_at).total_seconds())
        return "accepted", Reply(200)

    def _bucket(self, name: str) -> TokenBucket:
        if (bucket := self._buckets.get(name)) is None:
            rate = self._limits.rate
            bucket = self._buckets[name] = TokenBucket(rate, rate)
        return bucket


def _challenge(mapping: Mapping, connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield the header that asks for a password, which some clients send only on request."""
    if isinstance(mapping.form.verify.get(scheme_of(mapping, connection)), Basic):
        yield "www-authenticate", 'Basic realm="Nabiz"'


def refusal(status: int, reason: str, *headers: tuple[str, str]) -> Reply:
    """Return a refusal with its reason, in the form of the API."""
    return Reply(status, msgspec.json.encode({"detail": reason}), "application/json", headers)
