"""Serves the API: in a process of its own, or in a thread beside the role that owns the store."""

import ipaddress
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import uvicorn

from pipeline.api.app import make_api
from pipeline.api.observer import Observer
from pipeline.api.service import Service
from pipeline.broker.security import client_security
from pipeline.detection.rules import RuleBook
from pipeline.setting_groups import ApiSettings
from pipeline.settings import Settings, SettingsError
from pipeline.store import Store


def serve_api(settings: Settings, store: Store) -> None:
    """Serve until SIGTERM or SIGINT."""
    # uvicorn stops at the first signal and then raises it again, for whoever handled it before.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: None)
    with _server(settings, store) as (server, listener):
        server.run([listener])


@contextmanager
def serve_api_in_thread(settings: Settings, store: Store) -> Iterator[None]:
    """Serve beside a role: the in-process store can be opened by one process only."""
    with _server(settings, store) as (server, listener):
        thread = threading.Thread(target=server.run, args=([listener],), name="api", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def _server(settings: Settings, store: Store) -> Iterator[tuple[uvicorn.Server, socket.socket]]:
    bootstrap, security = settings.kafka.bootstrap, client_security(settings.kafka)
    token = settings.api.token.get_secret_value()
    with listen(settings.api) as listener, Observer(bootstrap, security) as observer:
        service = Service(
            store,
            observer,
            RuleBook(settings.detect.rules),
            settings.detect,
            bootstrap,
            lambda: datetime.now(UTC),
            security,
        )
        config = uvicorn.Config(
            make_api(service, token), log_level="warning", timeout_graceful_shutdown=2
        )
        yield uvicorn.Server(config), listener


def listen(api: ApiSettings) -> socket.socket:
    """Return the listening socket. Raises SettingsError where it must not or cannot be opened."""
    if not api.token.get_secret_value() and not _is_loopback(api.host):
        raise SettingsError(
            f"NABIZ_API_HOST is {api.host}, which others can reach: set NABIZ_API_TOKEN to a long "
            "random secret, or keep to 127.0.0.1"
        )
    family = socket.AF_INET6 if ":" in api.host else socket.AF_INET
    try:
        return socket.create_server((api.host, api.port), family=family)
    except OSError as error:
        raise SettingsError(
            f"the API cannot listen on {api.host}:{api.port} ({error.strerror}): choose another "
            "NABIZ_API_PORT (0: any free one) or NABIZ_API_HOST"
        ) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
