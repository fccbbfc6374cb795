"""The page of the inbox: open alerts, most urgent first."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.response import ServerSentEvent
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER
from pipeline.board.board import Board, Page, Visit
from pipeline.board.inbox.cards import card_choices, stream_cards
from pipeline.board.inbox.query import VIEWS, InboxQuery, Selection, query_of, select
from pipeline.board.inbox.stream import Shown
from pipeline.board.localizer import Localizer
from pipeline.common.plain_text import plain
from pipeline.follow_up.value import UNDER_WAY
from pipeline.model.alert import SEVERITIES

KEYS = (
    *(("j", "next"), ("k", "previous"), ("o", "show"), ("a", "acknowledge"), ("m", "assign")),
    *(("c", "contact"), ("r", "resolve"), ("s", "snooze"), ("i", "inform"), ("u", "undo")),
    ("?", "help"),
)
"""The shortcuts of `static/keys.js`, with the keys of their texts."""

_FIXED: dict[str, Sequence[str]] = {"severity": SEVERITIES[::-1], "stage": UNDER_WAY}


def inbox_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of the inbox and its stream."""

    @get("/board", opt=VIEWER, include_in_schema=False)
    async def inbox(request: AnyRequest) -> Response[Any]:
        visit = board.visit(request)
        say, query = board.localizer(visit), query_of(request.query_params)
        return board.page(request, visit, say, "inbox.html", _inbox(board, visit, say, query))

    @get("/board/stream", opt=VIEWER, include_in_schema=False)
    async def stream(request: AnyRequest) -> ServerSentEvent:
        visit, query = board.visit(request), query_of(request.query_params)

        def look() -> Shown:
            selection = _select(board, visit, query)
            return selection.shown, _parts(board, visit, query, selection)

        return stream_cards(board, request, visit, look, f"/board?{query.address()}")

    return [inbox, stream]


def _inbox(board: Board, visit: Visit, say: Localizer, query: InboxQuery) -> dict[str, object]:
    """Return the values of the template."""
    version = board.live.version
    selection = _select(board, visit, query)
    words = {
        name: [(value, say.t(f"{name}.{value}")) for value in of] for name, of in _FIXED.items()
    }
    causes = [(cause, board.cause(say, cause)) for cause in selection.options["cause"]]
    return {
        "page": PAGE.name,
        "title": say.t("inbox.title"),
        "query": query,
        "selection": selection,
        "views": VIEWS,
        "version": version,
        "address": query.address(),
        "severities": words["severity"],
        "stages": words["stage"],
        "causes": sorted(causes, key=lambda cause: cause[1]),
        "brands": [(brand, plain(brand)) for brand in selection.options["brand"]],
        "channels": [
            (channel, say.name("channel", channel)) for channel in selection.options["channel"]
        ],
        "keys": KEYS,
        "back": f"/board?{query.address()}",
        **card_choices(board),
    }


def _select(board: Board, visit: Visit, query: InboxQuery) -> Selection:
    now = board.clock()
    return select(board.live.ranked(now, visit.user.name), query, visit.user.name, now)


def _parts(board: Board, visit: Visit, query: InboxQuery, selection: Selection) -> dict[str, str]:
    say = board.localizer(visit)
    values = {"query": query, "selection": selection, "views": VIEWS}
    return {
        name: board.html(visit, say, f"{name}.html", values).strip() for name in ("views", "rest")
    }


PAGE = Page("inbox", "/board", inbox_routes, place=1)
