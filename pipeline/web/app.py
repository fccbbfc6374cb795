"""Combines API, login and board in one application, with OpenAPI at /schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin

from pipeline.access.access import Access, AccessConfig, AccessDependencies, Recognise
from pipeline.access.accounts import AccountBook
from pipeline.access.authorization import VIEWER
from pipeline.access.login import login_routes
from pipeline.access.oidc.provider import Provider
from pipeline.access.origin import LOOPBACK_NAMES
from pipeline.access.trail import AuditTrail
from pipeline.api.routes import api_routes
from pipeline.board.board import Board
from pipeline.board.board_config import load_board_config
from pipeline.board.inbox.feed import Feed, FeedDependencies
from pipeline.board.inbox.live import Live
from pipeline.board.pages import PAGES
from pipeline.board.routes import board_routes
from pipeline.broker.security import cluster_of
from pipeline.calendar.calendar_file import load_calendars
from pipeline.config.settings import Settings
from pipeline.connectors.setup.connections import open_connections
from pipeline.connectors.watch.traffic import Traffic
from pipeline.detection.rules import RuleBook
from pipeline.service.connection_watch import ConnectionWatch, WatchDependencies
from pipeline.service.connections import Connections, seal_of
from pipeline.service.observer import Observer
from pipeline.service.service import Service, ServiceConfig, ServiceDependencies
from pipeline.service.uploads import Uploads
from pipeline.store import Store
from pipeline.text.open import open_engine
from pipeline.web.errors import error_handlers


@contextmanager
def application(settings: Settings, store: Store) -> Iterator[Litestar]:
    """Start API and board, and stop them at the end.

    Each component is built from its configuration and from earlier components, and runs for the
    duration of its `with` block. Raises SettingsError and AccountError.
    """
    cluster, config = (
        cluster_of(settings.kafka),
        load_board_config(settings.board.file, settings.calendar.file),
    )
    live, traffic = Live(config.value), Traffic()
    connectors, book = settings.connectors, open_connections(settings.connectors)
    calendars = load_calendars(settings.calendar.file)
    rules = RuleBook(settings.detect.rules, calendars, demanded=False)
    with (
        AuditTrail(store.write_audit) as trail,
        Observer(cluster) as observer,
        Feed(cluster, FeedDependencies(live, store, _now)),
        ConnectionWatch(cluster, WatchDependencies(book, traffic, config.zone, _now)),
        Service(
            ServiceConfig(cluster, settings.detect),
            ServiceDependencies(store, observer, rules, _now),
        ) as service,
    ):
        board = Board(
            config=config,
            detect=settings.detect,
            pages=PAGES,
            service=service,
            live=live,
            connections=Connections(
                book, traffic, connectors.folder, config.zone, seal_of(settings)
            ),
            uploads=Uploads(cluster, book, config.zone, _now),
            engine=cache(partial(open_engine, settings.engine)),
            clock=_now,
        )
        yield make_app(service, access_of(settings, trail), board)


def access_of(settings: Settings, trail: AuditTrail) -> Access:
    """Build access from the settings. Raises AccountError for an invalid file of users."""
    access = settings.access
    hosts = {name.strip().lower() for name in (*access.hosts.split(","), settings.api.host)}
    return Access(
        AccessConfig(
            token=settings.api.token.get_secret_value(),
            hosts=LOOPBACK_NAMES | (hosts - {"", "0.0.0.0", "::"}),
            idle=timedelta(minutes=access.idle_minutes),
            longest=timedelta(hours=access.login_hours),
        ),
        AccessDependencies(
            trail,
            _now,
            book=AccountBook(Path(access.users)) if access.users else None,
            provider=Provider(access, _now) if access.oidc_issuer else None,
        ),
    )


def make_app(service: Service, access: Access, board: Board | None = None) -> Litestar:
    """Build the application; without a board, browsers get JSON errors like programs.

    Each route declares in its `opt` who may use it, and `access` enforces it.
    """
    return Litestar(
        route_handlers=[
            *api_routes(service),
            *login_routes(access),
            *(board_routes(board) if board else ()),
        ],
        state=State({"access": access}),
        middleware=[Recognise],
        guards=[access.guard],
        before_send=[access.before_send],
        logging_config=None,  # keep ours, which Litestar would replace
        openapi_config=OpenAPIConfig(
            title="Nabız",
            version="1",
            # JSON only: Litestar's documentation pages load scripts from other hosts.
            render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
            openapi_router=Router(
                "/schema", route_handlers=[], opt=VIEWER, include_in_schema=False
            ),
        ),
        exception_handlers=error_handlers(board.error if board else None),
    )


def _now() -> datetime:
    return datetime.now(UTC)
