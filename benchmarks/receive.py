"""Measures the receiver beside a route of Litestar that does nothing, in turns."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import msgspec
import psutil

from benchmarks.machine import Machine, Subject
from pipeline.common.ports import HOST, free_port
from pipeline.contracts.topology import RECEIVED

ROUNDS, QUICK_ROUNDS = 5, 3
REQUESTS, QUICK_REQUESTS = 20_000, 4_000
CONNECTIONS = 64
"""Requests at a time, each over a connection that stays."""
SECRET = "a-secret-of-the-benchmark"
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
                                    "id": "wamid.HBgLOTA1MzIwMDAwMDAwFQIAEhgUM0E",
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
BARE = Subject("bare route", "", ("benchmarks.subjects.bare_route",))
RECEIVE = Subject("Nabız receive", "receive", ("pipeline.cli", "worker", "receive"))


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Send the same signed deliveries to both, in turns; return what a request costs each."""
    machine.fresh_topics()
    rounds, requests = (QUICK_ROUNDS, QUICK_REQUESTS) if quick else (ROUNDS, REQUESTS)
    with _serving(machine, BARE) as bare, _serving(machine, RECEIVE) as receive:
        for server in (bare, receive):
            server.cost_us(requests // 10)
        before = machine.ends([RECEIVED])
        pairs = []
        for number in range(rounds):
            pairs.append((bare.cost_us(requests), receive.cost_us(requests)))
            progress(f"round {number + 1}: {pairs[-1][0]:.0f} µs bare, {pairs[-1][1]:.0f} µs ours")
        kept = machine.ends([RECEIVED]) - before
    return {
        "rounds": rounds,
        "requests": requests,
        "kept": kept,
        "bare_us": median(pair[0] for pair in pairs),
        "receive_us": median(pair[1] for pair in pairs),
        "ratio": median(pair[0] / pair[1] for pair in pairs),
    }


class _Server:
    """A server under measurement."""

    def __init__(self, process: psutil.Process, port: int) -> None:
        self._process = process
        self._port = port

    def cost_us(self, requests: int) -> float:
        """Send requests; return microseconds of processor time for each."""
        begun = _cpu(self._process)
        asyncio.run(_load(self._port, requests))
        return (_cpu(self._process) - begun) / requests * 1e6


@contextmanager
def _serving(machine: Machine, subject: Subject) -> Iterator[_Server]:
    port = free_port()
    if subject is BARE:
        subject = Subject(subject.name, subject.role, (*subject.command, str(port)))
    with machine.running(subject, _settings(machine.folder, port)) as process:
        while not asyncio.run(_answers(port)):
            time.sleep(0.1)
        yield _Server(psutil.Process(process.pid), port)


def _settings(folder: Path, port: int) -> Mapping[str, str]:
    """Set up a connection of WhatsApp."""
    (folder / "secret").write_text(SECRET)
    file = folder / "connections.yaml"
    entry = "{name: whatsapp, system: whatsapp, secret_file: secret}"
    file.write_text(f"pseudonym_key_file: secret\nconnections: [{entry}]\n")
    return {
        "NABIZ_CONNECTORS_FILE": str(file),
        "NABIZ_CONNECTORS_KEY": "k" * 32,
        "NABIZ_RECEIVE_PORT": str(port),
        "NABIZ_RECEIVE_RATE": "1000000",
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    used: float = times.user + times.system
    return used


async def _answers(port: int) -> bool:
    """Return whether a delivery is taken."""
    try:
        await _load(port, 1)
    except (OSError, RuntimeError):
        return False
    return True


async def _load(port: int, requests: int) -> None:
    """Send so many deliveries. Raises RuntimeError if one is not taken."""
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    head = (
        f"POST /in/whatsapp HTTP/1.1\r\nhost: nabiz.example\r\ncontent-type: application/json\r\n"
        f"user-agent: facebookexternalua\r\naccept: */*\r\nx-hub-signature-256: sha256={digest}\r\n"
        f"content-length: {len(BODY)}\r\n\r\n"
    )
    request, left = head.encode() + BODY, iter(range(requests))

    async def send() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        for _ in left:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 20"):
                raise RuntimeError(f"the receiver answers {answer!r}")
        writer.close()

    await asyncio.gather(*(send() for _ in range(min(CONNECTIONS, requests))))
