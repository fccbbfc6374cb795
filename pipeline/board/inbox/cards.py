"""Renders and streams cards of alerts, for the inbox and the page of an alert."""

from collections.abc import Callable

from litestar.response import ServerSentEvent

from pipeline.access.access import AnyRequest, still_allowed
from pipeline.board.board import Board, Visit
from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.stream import Shown, events
from pipeline.model.action import OUTCOMES


def card_choices(board: Board) -> dict[str, object]:
    """Return the choices that a card offers."""
    minutes = [int(span.total_seconds() // 60) for span in board.config.snooze]
    return {"outcomes": OUTCOMES, "snoozes": minutes}


def stream_cards(
    board: Board,
    request: AnyRequest,
    visit: Visit,
    look: Callable[[], Shown],
    back: str,
    *,
    alone: bool = False,
) -> ServerSentEvent:
    """Stream changes of the cards that `look` returns; their buttons lead `back`."""

    def card(item: InboxItem) -> str:
        values = {"item": item, "back": back, "alone": alone, **card_choices(board)}
        return board.html(visit, board.localizer(visit), "one.html", values).strip()

    after = request.query_params.get("after", "")
    return ServerSentEvent(events(board.live, look, card, lambda: still_allowed(request), after))
