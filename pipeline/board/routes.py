"""Collects all routes of the board."""

from typing import Any

from litestar import Response, Router, get
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER
from pipeline.board.board import Board
from pipeline.board.statics import static_routes
from pipeline.broker.errors import BrokerUnavailable
from pipeline.store import StoreUnavailable
from pipeline.text.open import EngineError


def board_routes(board: Board) -> list[ControllerRouterHandler]:
    """Return the routes of pages, streams, buttons and static files."""

    def away(request: AnyRequest, error: Exception) -> Response[Any]:
        return board.error(request, 503, str(error))

    pages = Router(
        "/",
        route_handlers=[home, *(route for page in board.pages for route in page.routes(board))],
        exception_handlers=dict.fromkeys((StoreUnavailable, BrokerUnavailable, EngineError), away),
    )
    return [pages, *static_routes()]


@get("/", opt=VIEWER, include_in_schema=False)
async def home() -> Redirect:
    """Redirect the bare URL to the inbox."""
    return Redirect("/board", status_code=303)
