"""The dashboards as they are committed: their panels, and the SQL in them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import grafana.statements
from grafana.build import FOLDER
from grafana.plugin import expand
from pipeline.kpi.definitions import Window
from pipeline.store import Backend

HALF_AN_HOUR = 1_800
ALL: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("brand", "channel", "touchpoint", "segment", "language"), ()),
    "enough": ("5",),
    "customer": ("",),
}
"""Every value of every variable, and numbers that rest on five answers."""


class Statement(NamedTuple):
    """SQL of a dashboard, and what it is for."""

    dashboard: str
    title: str
    sql: str

    @property
    def id(self) -> str:
        return f"{self.dashboard}: {self.title}"

    def asked(
        self,
        backend: Backend,
        window: Window,
        variables: Mapping[str, Sequence[str]] | None = None,
        interval_s: int = HALF_AN_HOUR,
    ) -> list[tuple[Any, ...]]:
        """Run it as Grafana would."""
        chosen = {**ALL, **(variables or {})}
        return backend.execute(expand(self.sql, window.start, window.end, interval_s, chosen))


def dashboards(language: str = "en") -> dict[str, dict[str, Any]]:
    """Return the committed dashboards by name."""
    paths = sorted((FOLDER / "dashboards" / language).glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the panels that show something, without the headings of rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def statements() -> list[Statement]:
    """Return all SQL: of panels, of variables, of annotations."""
    return [Statement(one.dashboard, one.title, one.sql) for one in grafana.statements.statements()]


def distinct_statements() -> list[Statement]:
    """Return each SQL once, though several dashboards may ask it."""
    return [*{one.sql: one for one in reversed(statements())}.values()][::-1]


def statement(dashboard: str, title: str) -> Statement:
    """Return the SQL of the panel of that title; "*": on any dashboard."""
    return next(
        one for one in statements() if dashboard in ("*", one.dashboard) and one.title == title
    )
