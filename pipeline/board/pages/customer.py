"""The page of a customer: risk over time, alerts, and a timeline over all channels."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest, about
from pipeline.access.authorization import requires
from pipeline.board.board import Board, Page
from pipeline.board.charts.chart import across, line, upwards
from pipeline.board.charts.risk_curve import risk_curve
from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.live import item_of
from pipeline.board.localizer import Localizer
from pipeline.board.timeline import by_day, timeline
from pipeline.common.plain_text import plain
from pipeline.follow_up.lone_case import lone_case
from pipeline.model.alert import Alert
from pipeline.store import Store

SEEN = requires("viewer", audit="customer.viewed")
SHOWN = 300
"""Most entries of the timeline, newest first."""


def customer_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the routes of a customer's page, by parameter and by path.

    Our own links use the parameter, since browsers normalize a path with // or .. in it.
    """

    @get("/board/customers", opt=SEEN, include_in_schema=False, sync_to_thread=True)
    def by_parameter(request: AnyRequest) -> Response[Any]:
        return shown(request, request.query_params.get("id", ""))

    @get(
        "/board/customers/{customer_id:path}",
        opt=SEEN,
        include_in_schema=False,
        sync_to_thread=True,
    )
    def by_path(request: AnyRequest, customer_id: FromPath[str]) -> Response[Any]:
        return shown(request, customer_id.removeprefix("/"))  # an id may contain a /

    def shown(request: AnyRequest, known_as: str) -> Response[Any]:
        about(request, customer_id=known_as)
        visit = board.visit(request)
        say, store = board.localizer(visit), board.store
        view = board.service.customer(known_as)
        if view is None:
            return board.message(request, 404, say.t("customer.unknown"))
        actions = store.actions(customer_id=known_as)
        entries = timeline(view.events, view.alerts, actions)
        curve = risk_curve(view.events, board.service.rules, board.detect, say.now)
        values = {
            "page": PAGE.name,
            "title": plain(known_as),
            "customer": view,
            "who": view.events[-1].event,
            "days": by_day(entries[:SHOWN], say),
            "left_out": max(0, len(entries) - SHOWN),
            "items": _items(store, view.alerts, known_as),
            "curve": _chart(curve, view.alerts, board.detect.threshold, say),
        }
        return board.page(request, visit, say, "customer.html", values)

    return [by_parameter, by_path]


def _items(store: Store, alerts: Sequence[Alert], customer_id: str) -> list[InboxItem]:
    """Return the customer's cases, last opened first; an alert without one is a case of its own."""
    cases = store.cases(customer_id=customer_id)
    known = {cause.alert_id for case in cases for cause in case.causes}
    follow_ups = {one.alert_id: one for one in store.follow_ups(customer_id=customer_id)}
    cases += [
        lone_case(alert, follow_ups.get(alert.id)) for alert in alerts if alert.id not in known
    ]
    by_id = {alert.id: alert for alert in alerts}
    ordered = sorted(cases, key=lambda case: case.opened_at, reverse=True)
    return [item for case in ordered if (item := item_of(case, by_id, {}))]


def _chart(
    curve: Sequence[tuple[datetime, float]],
    alerts: Sequence[Alert],
    threshold: float,
    say: Localizer,
) -> dict[str, object]:
    """Return the risk curve, the openings of alerts on it, and the threshold."""
    x = across(curve[0][0].timestamp(), curve[-1][0].timestamp())
    y = upwards((), (0.0, 1.0))
    points = [(x.at(at.timestamp()), y.at(risk)) for at, risk in curve]
    return {
        "line": line(points),
        "area": line([(points[0][0], 100.0), *points, (points[-1][0], 100.0)]) + "Z",
        "threshold": y.at(threshold),
        "alerts": [
            (x.at(alert.opened_at.timestamp()), y.at(_risk_at(curve, alert.opened_at)), alert)
            for alert in alerts
            if alert.opened_at >= curve[0][0]
        ],
        "start": say.clock(curve[0][0]),
        "highest": max(risk for _, risk in curve),
    }


def _risk_at(curve: Sequence[tuple[datetime, float]], moment: datetime) -> float:
    """Return the risk right after the events at a moment."""
    return curve[bisect_right(curve, moment, key=lambda point: point[0]) - 1][1]


PAGE = Page("customer", "/board/customers/{customer_id}", customer_routes)
