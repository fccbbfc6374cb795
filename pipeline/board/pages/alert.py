"""The page of a case, and the actions of its buttons.

Its address names the case or any of its alerts, as links in messages do.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import MediaType, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, ServerSentEvent
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest, about
from pipeline.access.authorization import VIEWER, requires
from pipeline.board.board import Board, Page, title_of
from pipeline.board.history import history
from pipeline.board.inbox.cards import card_choices, stream_cards
from pipeline.board.inbox.form_actions import request_of
from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.live import item_of
from pipeline.board.inbox.stream import Shown
from pipeline.board.localizer import Localizer
from pipeline.common.refused import Refused
from pipeline.common.urls import local_path
from pipeline.detection.what_if import WhatIf
from pipeline.follow_up.case import Case
from pipeline.follow_up.lone_case import lone_case
from pipeline.model.action import Action
from pipeline.model.alert import Evidence
from pipeline.store import Store, StoreUnavailable

BY_SCRIPT = "x-board"
"""Header of a form that a script sent, which expects JSON instead of a page."""
LARGEST_FORM = 65_536


def alert_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of single cases."""

    @get("/board/stream/{alert_id:str}", opt=VIEWER, include_in_schema=False)
    async def stream(request: AnyRequest, alert_id: FromPath[str]) -> ServerSentEvent:
        item = await asyncio.to_thread(_item, board, alert_id)

        def look() -> Shown:
            nonlocal item
            item = board.live.get(alert_id) or item  # the case may have left the inbox
            return [item] if item else [], {}

        back = f"/board/alerts/{alert_id}"
        return stream_cards(board, request, board.visit(request), look, back, alone=True)

    @get(
        "/board/alerts/{alert_id:str}",
        opt=requires("viewer", audit="alert.viewed"),
        include_in_schema=False,
        sync_to_thread=True,
    )
    def alert(request: AnyRequest, alert_id: FromPath[str]) -> Response[Any]:
        visit = board.visit(request)
        say, version = board.localizer(visit), board.live.version
        item = _item(board, alert_id)
        if item is None:
            return board.message(request, 404, say.t("alert.unknown"))
        about(request, customer_id=item.case.customer_id)
        values = {
            "page": PAGE.name,
            "title": title_of(say, item.alert),
            "item": item,
            "history": history(item, say),
            "answers": None if item.ended else _what_if(board, item),
            "proofs": _proofs(item),
            "version": version,
            "back": f"/board/alerts/{alert_id}",
            **card_choices(board),
        }
        return board.page(request, visit, say, "alert.html", values)

    @post(
        "/board/alerts/{alert_id:str}/actions",
        opt=requires("agent", audit="alert.acted"),
        include_in_schema=False,
        status_code=200,
        request_max_body_size=LARGEST_FORM,
    )
    async def act(request: AnyRequest, alert_id: FromPath[str]) -> Response[Any]:
        form = {name: str(value) for name, value in (await request.form()).items()}
        return await asyncio.to_thread(_act, board, request, alert_id, form)

    return [stream, alert, act]


def _proofs(item: InboxItem) -> list[Evidence]:
    """Return the quotes behind all alerts of a case, each once."""
    proofs = [proof for alert in item.alerts for proof in alert.evidence if proof.quote]
    return list({(proof.event_id, proof.start, proof.end): proof for proof in proofs}.values())


def _act(
    board: Board, request: AnyRequest, alert_id: str, form: Mapping[str, str]
) -> Response[Any]:
    visit = board.visit(request)
    say, item = board.localizer(visit), _item(board, alert_id)
    back = local_path(form.get("back", "/board"))

    def refuse(status: int, reason: str) -> Response[Any]:
        if BY_SCRIPT not in request.headers:
            return board.message(request, status, reason, back)
        answer = {"said": reason, "seen": item.seen if item else ""}
        return Response(answer, status_code=status, media_type=MediaType.JSON)

    if item is None:
        return refuse(404, say.t("alert.unknown"))
    about(request, customer_id=item.case.customer_id)
    if form.get("seen", item.seen) != item.seen:
        return refuse(409, _meanwhile(item, say))
    try:
        wanted = request_of(form, visit.user.name, board.clock())
    except Refused as refused:
        return refuse(400, say.t(str(refused)))
    about(request, what=f"alert.{wanted.kind}")
    try:
        board.service.act(item.id, wanted, visit.user.name, item.case.customer_id)
    except Refused as refused:
        return refuse(400, str(refused))
    if BY_SCRIPT not in request.headers:
        return Redirect(back, status_code=303)
    return Response({"said": say.t(f"did.{wanted.kind}")}, media_type=MediaType.JSON)


def _meanwhile(item: InboxItem, say: Localizer) -> str:
    stage = say.label(*item.word)
    return say.t("act.changed", stage=stage, owner=item.owner or say.t("act.nobody"))


def _item(board: Board, alert_id: str) -> InboxItem | None:
    """Return the item of a case or an alert, from the store if it is no longer in the inbox."""
    if item := board.live.get(alert_id):
        return item
    store = board.store
    for case in store.cases(case_ids=[alert_id]) or store.cases(alert_ids=[alert_id]):
        return _stored(store, case)
    for alert in store.alerts(ids=[alert_id]):
        follow_up = next(iter(store.follow_ups(alert_ids=[alert_id])), None)
        return _stored(store, lone_case(alert, follow_up))
    return None


def _what_if(board: Board, item: InboxItem) -> WhatIf | None:
    try:
        return board.service.what_if(item.alert)
    except StoreUnavailable:
        return None  # what is in the inbox can be seen to all the same


def _stored(store: Store, case: Case) -> InboxItem | None:
    alerts = store.alerts(ids=[cause.alert_id for cause in case.causes])
    actions: dict[str, list[Action]] = {}
    for action in store.actions(customer_id=case.customer_id):
        actions.setdefault(action.alert_id, []).append(action)
    return item_of(case, {alert.id: alert for alert in alerts}, actions)


PAGE = Page("alert", "/board/alerts/{alert_id}", alert_routes)
