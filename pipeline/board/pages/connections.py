"""The page of connections: the connected systems, and the outcome of their deliveries."""

from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER, requires
from pipeline.board.board import Board, Page
from pipeline.config.groups import ROOT
from pipeline.connectors.setup.guide import guide

GUIDES = ROOT / "docs" / "connectors"


def connections_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of the page, of a connection and of a system."""

    @get("/board/connections", opt=VIEWER, include_in_schema=False, sync_to_thread=True)
    def connections(request: AnyRequest) -> Response[Any]:
        visit = board.visit(request)
        say, now = board.localizer(visit), board.clock()
        states = board.connections.states(now)
        used = {state.form.system for state in states if state.form}
        values = {
            "page": PAGE.name,
            "title": say.t("nav.connections"),
            "problem": board.connections.problem,
            "states": states,
            "systems": board.connections.systems,
            "used": used,
        }
        return board.page(request, visit, say, "connections.html", values)

    @get(
        "/board/connections/{name:str}",
        opt=requires("admin", audit="deliveries.viewed"),
        include_in_schema=False,
        sync_to_thread=True,
    )
    def connection(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
        visit = board.visit(request)
        say = board.localizer(visit)
        detail = board.connections.detail(name, board.clock())
        if detail is None:
            raise NotFoundException("there is no such connection")
        values = {"page": PAGE.name, "title": name, "detail": detail, "state": detail.state}
        return board.page(request, visit, say, "connection.html", values)

    @get("/board/systems/{system:str}", opt=VIEWER, include_in_schema=False, sync_to_thread=True)
    def system(request: AnyRequest, system: FromPath[str]) -> Response[Any]:
        visit = board.visit(request)
        say = board.localizer(visit)
        form = board.connections.systems.get(system)
        if form is None:
            raise NotFoundException("there is no such system")
        values = {
            "page": PAGE.name,
            "title": form.title.text(say.language),
            "form": form,
            "guide": guide(GUIDES / f"{form.system}.md", say.language),
        }
        return board.page(request, visit, say, "system.html", values)

    return [connections, connection, system]


PAGE = Page("connections", "/board/connections", connections_routes, place=6, menu_of="admin")
