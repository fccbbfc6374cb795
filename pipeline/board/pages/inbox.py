"""The inbox: what is open, in the order in which it is to be seen to."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.response import ServerSentEvent
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER
from pipeline.board.board import Board, Page, Visit
from pipeline.board.inbox.cards import card_choices, stream_cards
from pipeline.board.inbox.query import VIEWS, InboxQuery, Selection, choice_of, select
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
"""The keys of `static/keys.js`, and the texts that say what each does."""

_FIXED: dict[str, Sequence[str]] = {"severity": SEVERITIES[::-1], "stage": UNDER_WAY}


def inbox_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of the inbox and of its stream."""

    @get("/board", opt=VIEWER, include_in_schema=False)
    async def inbox(request: AnyRequest) -> Response[Any]:
        visit = board.visit(request)
        say, choice = board.localizer(visit), choice_of(request.query_params)
        return board.page(request, visit, say, "inbox.html", _inbox(board, visit, say, choice))

    @get("/board/stream", opt=VIEWER, include_in_schema=False)
    async def stream(request: AnyRequest) -> ServerSentEvent:
        visit, choice = board.visit(request), choice_of(request.query_params)

        def look() -> Shown:
            selection = _select(board, visit, choice)
            return selection.shown, _parts(board, visit, choice, selection)

        return stream_cards(board, request, visit, look, f"/board?{choice.address()}")

    return [inbox, stream]


def _inbox(board: Board, visit: Visit, say: Localizer, choice: InboxQuery) -> dict[str, object]:
    """Return what the page is made from."""
    version = board.live.version
    selection = _select(board, visit, choice)
    words = {name: [(one, say.t(f"{name}.{one}")) for one in of] for name, of in _FIXED.items()}
    causes = [(one, board.cause(say, one)) for one in selection.options["cause"]]
    return {
        "page": PAGE.name,
        "title": say.t("inbox.title"),
        "choice": choice,
        "selection": selection,
        "views": VIEWS,
        "version": version,
        "address": choice.address(),
        "severities": words["severity"],
        "stages": words["stage"],
        "causes": sorted(causes, key=lambda one: one[1]),
        "brands": [(one, plain(one)) for one in selection.options["brand"]],
        "channels": [(one, say.name("channel", one)) for one in selection.options["channel"]],
        "keys": KEYS,
        "back": f"/board?{choice.address()}",
        **card_choices(board),
    }


def _select(board: Board, visit: Visit, choice: InboxQuery) -> Selection:
    now = board.clock()
    return select(board.live.ranked(now, visit.user.name), choice, visit.user.name, now)


def _parts(board: Board, visit: Visit, choice: InboxQuery, selection: Selection) -> dict[str, str]:
    say = board.localizer(visit)
    given = {"choice": choice, "selection": selection, "views": VIEWS}
    return {
        name: board.html(visit, say, f"{name}.html", given).strip() for name in ("views", "rest")
    }


PAGE = Page("inbox", "/board", inbox_routes, place=1)
