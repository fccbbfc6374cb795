"""Renders the table of KPIs in docs/kpis.md."""

import re
from collections.abc import Mapping

from pipeline.kpi.definitions import DEFINITIONS, DIMENSIONS, Definition, Kind

INTERVALS: Mapping[Kind, str] = {
    "balance": "adjusted Wald",
    "share": "Wilson",
    "ratio": "log ratio",
    "median": "ranks",
    "p90": "ranks",
    "mean": "–",
    "count": "–",
}
"""Names of the intervals in the table."""

_HEAD = "| KPI | unit | what it says | interval | target |\n|---|---|---|---|---|\n"
_TABLE = re.compile(re.escape(_HEAD) + r"(?:\|.*\n)*")


def in_page(page: str) -> str:
    """Return the page with its table regenerated. Raises ValueError if it has none."""
    if not _TABLE.search(page):
        raise ValueError("the page has no table of KPIs")
    table = _HEAD + "".join(map(_row, DEFINITIONS))
    return _TABLE.sub(lambda _: table, page)


def _row(definition: Definition) -> str:
    unit = f"{definition.unit}, whole" if definition.rounded else definition.unit
    says = definition.says.en
    if definition.dimensions != DIMENSIONS:
        says += f" By {', '.join(definition.dimensions)} only."
    goal = definition.target
    target = f"{goal.value:g} or {goal.better}" if goal else "–"
    interval = INTERVALS[definition.kind]
    return f"| `{definition.name}` | {unit} | {says} | {interval} | {target} |\n"
