"""Serves the API: in a process of its own, or in a thread beside the role that owns the store."""

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import uvicorn

from pipeline.api.app import make_api
from pipeline.api.observer import Observer
from pipeline.api.service import Service
from pipeline.rules import load_rules
from pipeline.settings import Settings, SettingsError
from pipeline.store import Store


def serve_api(settings: Settings, store: Store) -> None:
    """Serve until SIGTERM or SIGINT."""
    with _server(settings, store) as server:
        server.run()


@contextmanager
def serve_api_in_thread(settings: Settings, store: Store) -> Iterator[None]:
    """Serve beside a role: the in-process store can be opened by one process only."""
    with _server(settings, store) as server:
        thread = threading.Thread(target=server.run, name="api", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def _server(settings: Settings, store: Store) -> Iterator[uvicorn.Server]:
    api = settings.api
    token = api.token.get_secret_value()
    if not token and not _is_loopback(api.host):
        raise SettingsError(
            f"NABIZ_API_HOST is {api.host}, which others can reach: set NABIZ_API_TOKEN to a long "
            "random secret, or keep to 127.0.0.1"
        )
    bootstrap = settings.kafka.bootstrap
    with Observer(bootstrap) as observer:
        service = Service(
            store,
            observer,
            load_rules(settings.detect.rules),
            settings.detect,
            bootstrap,
            lambda: datetime.now(UTC),
        )
        config = uvicorn.Config(
            make_api(service, token),
            host=api.host,
            port=api.port,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
        yield uvicorn.Server(config)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
