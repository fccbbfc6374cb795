"""Serves the API and the board: in a process of its own, or in a thread beside the store's role."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

import structlog
import uvicorn

from pipeline.access.access import Access
from pipeline.access.accounts import AccountBook
from pipeline.access.oidc.provider import Provider
from pipeline.access.origin import LOOPBACK_NAMES
from pipeline.access.trail import AuditTrail
from pipeline.board.board import Board
from pipeline.board.board_config import load_board_config
from pipeline.board.inbox.feed import Feed
from pipeline.board.inbox.live import Live
from pipeline.board.routes import board_routes
from pipeline.broker.security import client_security
from pipeline.common.ports import cannot_listen, listening
from pipeline.common.urls import is_loopback
from pipeline.config.access import ApiSettings
from pipeline.config.settings import Settings, SettingsError
from pipeline.detection.rules import RuleBook
from pipeline.service.observer import Observer
from pipeline.service.service import Service
from pipeline.store import Store
from pipeline.text.open import open_engine
from pipeline.web.app import make_app
from pipeline.web.half_sent import WholeRequests

log = structlog.get_logger(__name__)


def serve_api(settings: Settings, store: Store) -> None:
    """Serve until SIGTERM or SIGINT."""
    # uvicorn stops at the first signal and then raises it again, for whoever handled it before.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: None)
    with _server(settings, store) as (server, listener):
        host, port = listener.getsockname()[:2]
        log.info("API runs", page=f"http://{f'[{host}]' if ':' in host else host}:{port}")
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
    desk = load_board_config(settings.board.file)
    live = Live(desk.value)
    with (
        AuditTrail(store.write_audit) as trail,
        listen(settings.api, login=settings.access.login) as listener,
        Observer(bootstrap, security) as observer,
        Feed(live, store, bootstrap, _now, security),
    ):
        service = Service(
            store,
            observer,
            RuleBook(settings.detect.rules, demanded=False),
            settings.detect,
            bootstrap,
            _now,
            security,
        )
        engine = cache(partial(open_engine, settings.engine))
        board = Board(service, live, desk, settings.detect, engine, _now)
        config = uvicorn.Config(
            make_app(service, access_of(settings, trail), board_routes(board), board.error),
            http=WholeRequests,
            log_level="warning",
            timeout_graceful_shutdown=2,
            server_header=False,
            forwarded_allow_ips=settings.access.proxies,
        )
        with closing(service):
            yield uvicorn.Server(config), listener


def _now() -> datetime:
    return datetime.now(UTC)


def access_of(settings: Settings, trail: AuditTrail) -> Access:
    """Return the door of the API as it is set. Raises AccountError for a wrong file of users."""
    access = settings.access
    named = {name.strip().lower() for name in (*access.hosts.split(","), settings.api.host)}
    return Access(
        trail,
        _now,
        token=settings.api.token.get_secret_value(),
        book=AccountBook(Path(access.users)) if access.users else None,
        provider=Provider(access, _now) if access.oidc_issuer else None,
        hosts=LOOPBACK_NAMES | (named - {"", "0.0.0.0", "::"}),
        idle=timedelta(minutes=access.idle_minutes),
        longest=timedelta(hours=access.login_hours),
    )


def listen(api: ApiSettings, *, login: bool = False) -> socket.socket:
    """Return the listening socket. Raises SettingsError where it must not or cannot be opened."""
    if not (login or api.token.get_secret_value() or is_loopback(api.host)):
        raise SettingsError(
            f"NABIZ_API_HOST is {api.host}, which others can reach: set NABIZ_API_TOKEN to a long "
            "random secret, or NABIZ_ACCESS_USERS to a file of those who may log in "
            "(nabiz users add), or NABIZ_ACCESS_OIDC_ISSUER to your OpenID provider, or keep to "
            "127.0.0.1"
        )
    try:
        return listening(api.host, api.port)
    except OSError as error:
        said = cannot_listen("the API", api.host, api.port, error, "NABIZ_API_PORT")
        raise SettingsError(said) from None
