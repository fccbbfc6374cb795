"""The page of the KPIs."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from pipeline.access.access import AnyRequest
from pipeline.access.authorization import VIEWER
from pipeline.board.board import Board, Page
from pipeline.board.charts.intervals import RANGES, USUAL, intervals
from pipeline.board.charts.multiples import ENOUGH, UNIT_DIGITS, is_enough, tiles
from pipeline.board.localizer import Localizer
from pipeline.kpi.definitions import Definition, KpiValue, Window

KEPT = timedelta(seconds=60)
"""Time after which an ended interval is read again, since events may come late."""
MOST = 200
"""Most cached intervals."""

Read = Callable[[Window, datetime], list[KpiValue]]


def pulse_routes(board: Board) -> list[ControllerRouterHandler]:
    """Make the route of the page."""
    values = _Remembered(lambda window, now: board.store.kpis(window, [], now))

    @get("/board/pulse", opt=VIEWER, include_in_schema=False, sync_to_thread=True)
    def pulse(request: AnyRequest) -> Response[Any]:
        visit = board.visit(request)
        say = board.localizer(visit)
        wanted = request.query_params.get("range", USUAL)
        name = wanted if wanted in RANGES else USUAL
        windows = intervals(name, say.now, board.config.zone)
        whole = Window(windows[0].start, windows[-1].end)
        content = {
            "page": PAGE.name,
            "title": say.t("nav.pulse"),
            "range": name,
            "ranges": [*RANGES],
            "tiles": tiles(
                values.of(whole, say.now), [values.of(window, say.now) for window in windows]
            ),
            "windows": windows,
            "enough": ENOUGH,
            "is_enough": is_enough,
            "figure": partial(figure, say),
        }
        return board.page(request, visit, say, "pulse.html", content)

    return [pulse]


def figure(say: Localizer, definition: Definition, value: float, digits: int | None = None) -> str:
    """Format a KPI value with its unit; minutes beyond two hours become hours, then days."""
    digits = UNIT_DIGITS[definition.unit] if digits is None else digits
    if definition.unit == "percent":
        text = say.number(value, digits)
        return f"%{text}" if say.language == "tr" else f"{text}%"
    if definition.unit == "minutes":
        for minutes, unit in ((2_880, "day"), (120, "hour")):
            if value >= minutes:
                length = 1_440 if unit == "day" else 60
                return say.t(f"span.{unit}", n=say.number(value / length, 1))
        return say.t("span.minute", n=say.number(value))
    return say.number(value, digits)


class _Remembered:
    """A cache of the KPIs of ended intervals. Thread-safe."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._known: dict[tuple[datetime, datetime], tuple[datetime, list[KpiValue]]] = {}

    def of(self, window: Window, now: datetime) -> list[KpiValue]:
        if window.end > now:
            return self._read(window, now)
        key = window.start, window.end
        with self._lock:
            at, values = self._known.get(key, (None, []))
        if at is None or not timedelta(0) <= now - at < KEPT:
            values = self._read(window, now)
            with self._lock:
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known[key] = now, values
        return values


PAGE = Page("pulse", "/board/pulse", pulse_routes, place=2)
