"""Reads the committed dashboards: their panels and SQL."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import grafana.statements
from grafana.build import FOLDER
from grafana.plugin import expand
from pipeline.calendar.calendar_file import load_calendars
from pipeline.config.settings import load_settings
from pipeline.kpi.definitions import Window
from pipeline.store import Backend

HALF_AN_HOUR = 1_800
ALL: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("brand", "channel", "touchpoint", "segment", "language"), ()),
    "enough": ("5",),
    "customer": ("",),
}
"""All values of all variables, with a minimum of five answers."""


CALENDARS = load_calendars(load_settings().calendar.file)
"""The calendars that the dashboards are built with: of a store that answers as they do."""


class Statement(NamedTuple):
    """A statement of a dashboard, with its panel."""

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
        """Run it as Grafana does."""
        chosen = {**ALL, **(variables or {})}
        return backend.execute(expand(self.sql, window.start, window.end, interval_s, chosen))


def dashboards(language: str = "en") -> dict[str, dict[str, Any]]:
    """Return the committed dashboards by name."""
    paths = sorted((FOLDER / "dashboards" / language).glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the panels without row headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def statements() -> list[Statement]:
    """Return all statements: of panels, variables and annotations."""
    return [
        Statement(statement.dashboard, statement.title, statement.sql)
        for statement in grafana.statements.statements()
    ]


def distinct_statements() -> list[Statement]:
    """Return each statement once, although dashboards may share it."""
    return [*{statement.sql: statement for statement in reversed(statements())}.values()][::-1]


def statement(dashboard: str, title: str) -> Statement:
    """Return the statement of the panel with that title; "*" means any dashboard."""
    return next(
        found
        for found in statements()
        if dashboard in ("*", found.dashboard) and found.title == title
    )
