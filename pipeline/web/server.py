"""Serves API and board in a process of their own, or in a thread of the role with the store."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from pipeline.common.ports import cannot_listen, listening
from pipeline.common.urls import is_loopback, with_port
from pipeline.config.access import ApiSettings
from pipeline.config.settings import Settings, SettingsError
from pipeline.store import Store
from pipeline.web.app import application
from pipeline.web.half_sent import WholeRequests
from pipeline.web.signals import leave_signals_to_uvicorn

log = structlog.get_logger(__name__)


def serve_api(settings: Settings, store: Store) -> None:
    """Serve until SIGTERM or SIGINT."""
    leave_signals_to_uvicorn()
    with _server(settings, store) as (server, listener):
        host, port = listener.getsockname()[:2]
        log.info("API runs", page=f"http://{with_port(host, port)}")
        server.run([listener])


@contextmanager
def serve_api_in_thread(settings: Settings, store: Store) -> Iterator[None]:
    """Serve in a role's process, since only one process can open the in-process store."""
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
    with (
        listen(settings.api, login=settings.access.login) as listener,
        application(settings, store) as app,
    ):
        config = uvicorn.Config(
            app,
            http=WholeRequests,
            log_level="warning",
            timeout_graceful_shutdown=2,
            server_header=False,
            forwarded_allow_ips=settings.access.proxies,
        )
        yield uvicorn.Server(config), listener


def listen(api: ApiSettings, *, login: bool = False) -> socket.socket:
    """Open the listening socket. Raises SettingsError if that is not allowed or fails."""
    if not (login or api.token.get_secret_value() or is_loopback(api.host)):
        raise SettingsError(
            f"NABIZ_API_HOST is {api.host}, which others can reach: set NABIZ_API_TOKEN to a long "
            "random secret, or NABIZ_ACCESS_USERS to a file of users "
            "(nabiz users add), or NABIZ_ACCESS_OIDC_ISSUER to your OpenID provider, or use "
            "127.0.0.1"
        )
    try:
        return listening(api.host, api.port)
    except OSError as error:
        reason = cannot_listen("the API", api.host, api.port, error, "NABIZ_API_PORT")
        raise SettingsError(reason) from None
