"""Lists all SQL of the committed dashboards, for tests and benchmarks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

DASHBOARDS = Path(__file__).parent / "dashboards" / "en"


class Statement(NamedTuple):
    """SQL of a panel, variable or annotation; `since` is the default start of its dashboard."""

    dashboard: str
    title: str
    sql: str
    since: str


def statements() -> Iterator[Statement]:
    """Yield the statements for ClickHouse; shared ones once per dashboard."""
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for title, sql in _of(board):
            yield Statement(path.stem, title, sql, board["time"]["from"])


def _of(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            if "rawSql" in target:
                yield panel["title"], target["rawSql"]
    for variable in board.get("templating", {}).get("list", ()):
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["rawSql"]
    for note in board.get("annotations", {}).get("list", ()):
        if "rawSql" in note.get("target", {}):
            yield f"annotation {note['name']}", note["target"]["rawSql"]
