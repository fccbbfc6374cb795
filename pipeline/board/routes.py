"""All routes of the board."""

from typing import Any

from litestar import Response, Router, get
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER
from pipeline.board.board import Board
from pipeline.board.pages.alert import alert_routes
from pipeline.board.pages.customer import customer_routes
from pipeline.board.pages.explain import why_routes
from pipeline.board.pages.health import health_routes
from pipeline.board.pages.inbox import inbox_routes
from pipeline.board.pages.pulse import pulse_routes
from pipeline.board.statics import static_routes
from pipeline.broker.errors import BrokerUnavailable
from pipeline.store import StoreUnavailable
from pipeline.text.open import EngineError

_PAGES = (inbox_routes, alert_routes, customer_routes, pulse_routes, why_routes, health_routes)


def board_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the pages, their streams and buttons, and the files that they load."""

    def away(request: AnyRequest, error: Exception) -> Response[Any]:
        return board.error(request, 503, str(error))

    pages = Router(
        "/",
        route_handlers=[home, *(route for make in _PAGES for route in make(board))],
        exception_handlers=dict.fromkeys((StoreUnavailable, BrokerUnavailable, EngineError), away),
    )
    return [pages, *static_routes()]


@get("/", opt=VIEWER, include_in_schema=False)
async def home() -> Redirect:
    """Whoever opens the bare address wants the inbox."""
    return Redirect("/board", status_code=303)
