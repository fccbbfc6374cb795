"""Senders of WhatsApp deliveries to the receiver, at full speed or a steady rate."""

import asyncio
import gc
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

import msgspec

from pipeline.common.ports import HOST

MOST_LINES = 1_000
"""Most connections of a steady sender."""
AT_ONCE = 64
"""Concurrent requests of a sender at full speed, each over a persistent connection."""
SECRET = "a-secret-of-the-benchmark"
MESSAGE_ID = "wamid.HBgLOTA1MzIwMDAwMDAwFQIAEhgUM0E"
BODY = msgspec.json.encode(
    {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": "102290129340398",
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {"phone_number_id": "106540352242922"},
                            "contacts": [{"wa_id": "905320000000", "profile": {"name": "Deniz"}}],
                            "messages": [
                                {
                                    "from": "905320000000",
                                    "id": MESSAGE_ID,
                                    "timestamp": "1788000000",
                                    "type": "text",
                                    "text": {"body": "Kargom üç gündür aynı yerde, ne zaman?"},
                                }
                            ],
                        },
                    }
                ],
            }
        ],
    }
)


def request_of(message_id: str = MESSAGE_ID, secret: str = SECRET) -> bytes:
    """Return a signed request with a message."""
    body = BODY.replace(MESSAGE_ID.encode(), message_id.encode())
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST /in/whatsapp HTTP/1.1\r\nhost: nabiz.example\r\ncontent-type: application/json\r\n"
        f"user-agent: facebookexternalua\r\naccept: */*\r\nx-hub-signature-256: sha256={digest}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Answer(NamedTuple):
    """An answer: its status, and the seconds until a retry."""

    status: int
    pause: float


class Line:
    """A persistent connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to the receiver."""
        return cls(*await asyncio.open_connection(HOST, port))

    async def send(self, request: bytes) -> Answer:
        """Send a request, and return the answer."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = head.partition(b"content-length: ")
        await self._reader.readexactly(int(length.split(b"\r\n", 1)[0] or 0))
        _, _, pause = head.partition(b"retry-after: ")
        return Answer(int(head[9:12]), float(pause.split(b"\r\n", 1)[0] or 0))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def send_all(port: int, count: int) -> None:
    """Send deliveries as fast as they are accepted. Raises RuntimeError if one is refused."""
    request, left = request_of(), iter(range(count))

    async def send() -> None:
        line = await Line.open(port)
        for _ in left:
            if (answer := await line.send(request)).status not in (200, 204):
                raise RuntimeError(f"the receiver answers {answer}")
        line.close()

    await asyncio.gather(*(send() for _ in range(min(AT_ONCE, count))))


class Sent(NamedTuple):
    """A delivery: the id of its message, its due time, and the final answer with its latency.

    `due` is in Unix time, `took` in seconds after it; it was sent `tries` times.
    """

    message_id: str
    due: float
    status: int
    took: float
    tries: int


def event_of(sent: Sent) -> str:
    """Return the event id of a delivery."""
    return f"whatsapp:{sent.message_id}"


class Lines:
    """A pool of connections to a receiver, which grows with the load up to a limit."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[Line] = []
        self._few = asyncio.Semaphore(MOST_LINES)

    async def send(self, request: bytes) -> Answer:
        """Send a request over a free or new connection, and return the answer."""
        async with self._few:
            while True:
                reused = self._free.pop() if self._free else None
                line = reused or await Line.open(self._port)
                try:
                    answer = await line.send(request)
                except (asyncio.IncompleteReadError, ConnectionError):
                    if reused:  # the receiver hangs up on who says nothing for seconds
                        continue
                    raise
                self._free.append(line)
                return answer

    def close(self) -> None:
        """Hang up."""
        for line in self._free:
            line.close()


async def send_steadily(
    port: int, rate: float, count: int, secret: str = SECRET, *, again: bool = False
) -> list[Sent]:
    """Send at a fixed rate whatever the answers, over as many connections as needed and allowed.

    With `again`, a deferred delivery is sent again when its answer says.
    """
    lines, start = Lines(port), time.time()

    async def send(due: float) -> Sent:
        message_id = f"wamid.{due:.6f}"
        request, tries = request_of(message_id, secret), 0
        while True:
            answer = await lines.send(request)
            tries += 1
            if not again or not answer.pause:
                return Sent(message_id, due, answer.status, time.time() - due, tries)
            await asyncio.sleep(answer.pause)

    sending = []
    with _no_garbage_collection():
        for number in range(count):
            due = start + number / rate
            if (early := due - time.time()) > 0:
                await asyncio.sleep(early)
            sending.append(asyncio.create_task(send(due)))
        sent = await asyncio.gather(*sending)
    lines.close()
    return sent


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Disable garbage collection, which takes hundreds of milliseconds over all deliveries."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
