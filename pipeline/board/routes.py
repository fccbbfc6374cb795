"""All routes of the board."""

from litestar import get
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from pipeline.api.access.needs import VIEWER
from pipeline.board.alerts import alert_routes
from pipeline.board.board import Board
from pipeline.board.inbox import inbox_routes
from pipeline.board.statics import static_routes


def board_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the pages, their streams and buttons, and the files that they load."""
    return [home, *inbox_routes(board), *alert_routes(board), *static_routes()]


@get("/", opt=VIEWER, include_in_schema=False)
async def home() -> Redirect:
    """Whoever opens the bare address wants the inbox."""
    return Redirect("/board", status_code=303)
