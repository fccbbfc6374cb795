"""Writes the table of KPIs in docs/kpis.md: `python -m pipeline.kpi.page`."""

from collections.abc import Mapping
from typing import Final

from pipeline.common.generated_tables import with_rows
from pipeline.config.groups import ROOT
from pipeline.kpi.definitions import DEFINITIONS, DIMENSIONS, Definition, Kind

PAGE: Final = ROOT / "docs" / "kpis.md"
_TITLES = ("KPI", "unit", "what it says", "interval", "target")
_INTERVALS: Mapping[Kind, str] = {
    "balance": "adjusted Wald",
    "share": "Wilson",
    "ratio": "log ratio",
    "median": "ranks",
    "p90": "ranks",
    "mean": "–",
    "count": "–",
}


def with_table(page: str) -> str:
    """Return the page with the table of the KPIs."""
    return with_rows(page, _TITLES, map(_row, DEFINITIONS))


def _row(definition: Definition) -> tuple[str, ...]:
    unit = f"{definition.unit}, whole" if definition.rounded else definition.unit
    says = definition.says.en
    if definition.dimensions != DIMENSIONS:
        says += f" By {', '.join(definition.dimensions)} only."
    goal = definition.target
    target = f"{goal.value:g} or {goal.better}" if goal else "–"
    return f"`{definition.name}`", unit, says, _INTERVALS[definition.kind], target


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
