"""A receiver of a company's help desk, with a broker of our making."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from pipeline.config.connectors import ReceiveSettings
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.sealing import Seal
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.receiver.app import receiver_app
from pipeline.receiver.key_sets import KeySets
from pipeline.receiver.receiver import Receiver, ReceiverDependencies

SEAL = Seal(["k" * 32])
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


async def no_keys(_: str) -> None:
    """Fetch no key set: the help desk signs by a secret."""


class Broker:
    """Keeps what it is given, or fails with an error."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.kept: list[tuple[bytes, bytes]] = []

    async def keep(self, key: bytes, value: bytes) -> None:
        if self.error:
            raise self.error
        self.kept.append((key, value))

    @property
    def deliveries(self) -> list[Delivery]:
        return [SEAL.opened(value) for _, value in self.kept]


class Desk:
    """The receiver, and the help desk that sends to it."""

    def __init__(self, book: ConnectionBook, secret: str, **limits: int) -> None:
        self.broker = Broker()
        self.now = NOW
        self.secret = secret
        parts = ReceiverDependencies(
            book, SEAL, KeySets(no_keys), self.broker.keep, lambda: self.now
        )
        self.app = receiver_app(Receiver(ReceiveSettings(**limits), parts))

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def signed(self, body: bytes) -> dict[str, str]:
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return {"x-signature": digest, "content-type": "application/json"}

    async def send(
        self,
        path: str = "/in/desk-1",
        body: bytes = b'{"id":1}',
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        transport: Any = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://nabiz.example") as http:
            sent = self.signed(body) if headers is None else headers
            return await http.request(method, path, content=body, headers=sent)
