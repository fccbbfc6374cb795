"""Lays out KPIs as small multiples: a number and a chart each, with intervals. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.board.charts.chart import Point, Scale, across, alone, band, line, upwards
from pipeline.kpi.definitions import DEFINITIONS, KPIS, Definition, KpiValue

ENOUGH = 10
"""Fewest answers for which a value is shown; counts are always shown."""

SHOWN = tuple(definition.name for definition in DEFINITIONS if "board" in definition.shown_on)
"""KPIs of the page, in order."""


class Dot(NamedTuple):
    """An unconnected point; `open` if its interval has not ended."""

    x: float
    y: float
    open: bool


class Tile(NamedTuple):
    """A KPI over the whole range (None if there are too few answers), and its course.

    `zero` is the position of 0 if it is in range; `rows` are the values by interval.
    """

    definition: Definition
    whole: KpiValue | None
    n: int
    rows: list[KpiValue]
    scale: Scale
    line: str
    band: str
    dots: list[Dot]
    zero: float | None


def tiles(whole: Sequence[KpiValue], by_interval: Sequence[Sequence[KpiValue]]) -> list[Tile]:
    """Return the tiles; each list of values is of one interval, the last of the current one."""
    over_all = {value.kpi: value for value in whole}
    rows = [{value.kpi: value for value in values} for values in by_interval]
    return [_tile(KPIS[name], over_all[name], [row[name] for row in rows]) for name in SHOWN]


def is_enough(definition: Definition, value: KpiValue) -> bool:
    """Return whether a value has enough answers to be shown."""
    return value.value is not None and (definition.unit == "count" or value.n >= ENOUGH)


def _tile(definition: Definition, whole: KpiValue, rows: list[KpiValue]) -> Tile:
    shown = [row if is_enough(definition, row) else None for row in rows]
    ends = [
        end
        for row in shown
        if row
        for end in (row.value, row.ci_low, row.ci_high)
        if end is not None
    ]
    y = upwards([*ends, 0.0] if definition.unit in ("count", "minutes") else ends)
    x = across(0, len(rows) - 1)

    def points(values: Sequence[float | None]) -> list[Point | None]:
        return [
            None if value is None else (x.at(place), y.at(value))
            for place, value in enumerate(values)
        ]

    # The current interval would look like a drop, so it is a dot without a line.
    ended = points([row.value if row else None for row in shown[:-1]])
    running = points([row.value if row else None for row in shown])[-1]
    dots = [Dot(*point, open=False) for point in alone(ended)]
    return Tile(
        definition,
        whole if is_enough(definition, whole) else None,
        whole.n,
        rows,
        y,
        line(ended),
        band(
            points([row.ci_low if row else None for row in shown[:-1]]),
            points([row.ci_high if row else None for row in shown[:-1]]),
        ),
        [*dots, Dot(*running, open=True)] if running else dots,
        y.at(0.0) if y.low < 0 < y.high else None,
    )


UNIT_DIGITS: Mapping[str, int] = {"points": 0, "percent": 1, "mean": 2, "count": 0, "minutes": 0}
"""Digits after the point, by unit."""
