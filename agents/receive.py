"""receive: requests of other systems in, sealed deliveries on `cx.received` out.

It reads no topic, so it is no Faust app. A sender is answered once the broker has the delivery.
"""

import asyncio
import socket
import time
from datetime import UTC, datetime

import structlog
import uvicorn
import uvloop

from agents.processors.watched_connections import WatchedConnections
from agents.runtime import aiokafka_patches
from agents.runtime.metrics_server import serve_page
from agents.runtime.producer import TopicProducer
from pipeline.common.ports import cannot_listen, listening
from pipeline.common.urls import with_port
from pipeline.config.connectors import ReceiveSettings
from pipeline.config.settings import Settings, SettingsError
from pipeline.connectors.sealing import Seal, open_seal
from pipeline.connectors.setup.connections import ConnectionBook, open_connections
from pipeline.contracts.topology import RECEIVED
from pipeline.receiver.app import receiver_app
from pipeline.receiver.key_sets import KeySets, fetch_key_set
from pipeline.receiver.receiver import Receiver, ReceiverDependencies
from pipeline.web.half_sent import WholeRequests
from pipeline.web.signals import leave_signals_to_uvicorn

log = structlog.get_logger(__name__)

LOOK_EVERY = 2.0
"""Seconds between checks for changed connections, and between beats of the event loop."""


class ReceiverHealth:
    """Whether the receiver can do its work; `problem` may be called from any thread."""

    def __init__(self, publisher: TopicProducer, stall_seconds: float) -> None:
        self._publisher = publisher
        self._stall_seconds = stall_seconds
        self.beat_at = time.monotonic()

    def problem(self) -> str | None:
        """Return the problem in words, or None."""
        silent, away = time.monotonic() - self.beat_at, self._publisher.away_for
        if silent > self._stall_seconds:
            return f"receive has stood still for {silent:.0f} s"
        if not self._publisher.is_started:
            return "Kafka has not answered receive yet"
        if away > self._stall_seconds:
            return f"Kafka has confirmed nothing to receive for {away:.0f} s"
        return None


def serve_receiver(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError."""
    leave_signals_to_uvicorn()
    aiokafka_patches.apply()
    seal, book = open_seal(settings), open_connections(settings.connectors)
    with _listener(settings.receive) as listener:
        uvloop.run(_serve(settings, seal, book, listener))


async def _serve(
    settings: Settings, seal: Seal, book: ConnectionBook, listener: socket.socket
) -> None:
    producer = TopicProducer(settings.kafka, RECEIVED)
    health = ReceiverHealth(producer, settings.worker.stall_seconds)
    receiver = Receiver(
        settings.receive,
        ReceiverDependencies(book, seal, KeySets(fetch_key_set), producer.keep, _now),
    )
    config = uvicorn.Config(
        receiver_app(receiver),
        http=WholeRequests,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    with serve_page(settings.worker, health) as page:
        tasks = [
            asyncio.create_task(producer.run()),
            asyncio.create_task(_look_after(book, health)),
        ]
        host, port = listener.getsockname()[:2]
        log.info("role runs", page=page, receives=with_port(host, port))
        await uvicorn.Server(config).serve([listener])
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    log.info("role stopped")


async def _look_after(book: ConnectionBook, health: ReceiverHealth) -> None:
    """Put changed connections in force, and note that the event loop runs."""
    connections = WatchedConnections(book)
    while True:
        health.beat_at = time.monotonic()
        await connections.reload()
        await asyncio.sleep(LOOK_EVERY)


def _listener(receive: ReceiveSettings) -> socket.socket:
    try:
        return listening(receive.host, receive.port)
    except OSError as error:
        reason = cannot_listen(
            "the receiver", receive.host, receive.port, error, "NABIZ_RECEIVE_PORT"
        )
        raise SettingsError(reason) from None


def _now() -> datetime:
    return datetime.now(UTC)
