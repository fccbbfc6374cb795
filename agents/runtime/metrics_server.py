"""The HTTP server of a worker: `/metrics` for Prometheus, `/healthz` for its supervisor."""

import io
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from pipeline.common.ports import cannot_listen
from pipeline.common.urls import own_page
from pipeline.config.groups import WorkerSettings
from pipeline.config.settings import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


WITHIN = 10.0
"""Seconds to receive a request, and to send its answer: each occupies a thread."""
MOST = 64
"""Most requests at once; beyond that the oldest is closed."""


class HealthCheck(Protocol):
    """Whether a worker does its work."""

    def problem(self) -> str | None:
        """Return the problem in words, or None; called from any thread."""


class _Arriving(socket.SocketIO):
    """The input of a connection, which must end `WITHIN` seconds after its start.

    A socket timeout would apply to each part: a byte every nine seconds could go on for ever.
    """

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, "r")
        self._connection, self._until = connection, time.monotonic() + WITHIN

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(max(0.001, self._until - time.monotonic()))
        try:
            return super().readinto(buffer)
        finally:
            self._connection.settimeout(WITHIN)


class _Quiet(WSGIRequestHandler):
    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Arriving(self.connection))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: probes arrive every few seconds."""


@contextmanager
def serve_page(settings: WorkerSettings, health: HealthCheck) -> Iterator[str]:
    """Serve from a separate thread, so that a blocked event loop shows; yield the address.

    Raises SettingsError if the server cannot listen there.
    """
    metrics = make_wsgi_app()

    def page(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            answer: Iterable[bytes] = metrics(environ, start_response)
            return answer
        problem = health.problem()
        status = "503 Service Unavailable" if problem else "200 OK"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [(problem or "ok").encode()]

    try:
        server = make_server(
            settings.host, settings.port, page, _server(settings.host), handler_class=_Quiet
        )
    except OSError as error:
        what = "the page of this worker"
        said = cannot_listen(what, settings.host, settings.port, error, "NABIZ_WORKER_PORT")
        raise SettingsError(said) from None
    thread = threading.Thread(target=server.serve_forever, name="page", daemon=True)
    thread.start()
    try:
        yield own_page(settings.host, server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def _server(host: str) -> type[ThreadingWSGIServer]:
    class Server(ThreadingWSGIServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        connections: ClassVar[dict[socket.socket, None]] = {}

        def process_request(self, request: Any, client_address: Any) -> None:
            """Answer in a thread; close the oldest connection if there are too many."""
            for oldest in list(self.connections)[: 1 - MOST]:
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            self.connections[request] = None
            super().process_request(request, client_address)

        def shutdown_request(self, request: Any) -> None:
            """Close a connection."""
            self.connections.pop(request, None)
            super().shutdown_request(request)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore incomplete requests and closed connections, which would fill the log."""
            if not isinstance(sys.exception(), OSError):
                super().handle_error(request, client_address)

    return Server
