"""Cards of alerts, which the inbox and the page of an alert show, and their streams."""

from collections.abc import Callable

from litestar.response import ServerSentEvent

from pipeline.access.access import AnyRequest, still_allowed
from pipeline.board.board import Board, Visit
from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.stream import Shown, events
from pipeline.model.action import OUTCOMES


def card_choices(board: Board) -> dict[str, object]:
    """Return what the sheets of a card offer."""
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
    """Send what changes of the cards that `look` finds; their buttons lead `back`."""

    def card(item: InboxItem) -> str:
        given = {"item": item, "back": back, "alone": alone, **card_choices(board)}
        return board.html(visit, board.localizer(visit), "one.html", given).strip()

    after = request.query_params.get("after", "")
    return ServerSentEvent(events(board.live, look, card, lambda: still_allowed(request), after))
