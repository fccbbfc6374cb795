"""Maps values to SVG paths on a plane of 100 by 100, y downwards. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Point = tuple[float, float]
SIDE = 100.0
LEAST = 1e-9
"""Differences below this are zero."""


class Scale(NamedTuple):
    """A linear map from `[low, high]` to `[first, last]` of the plane."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        """Return the position of a value, clamped to the ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.first + min(1.0, max(0.0, share)) * (self.last - self.first), 2)


def across(low: float, high: float) -> Scale:
    """Return the scale of the x axis, from the left."""
    return Scale(low, high if high > low else low + 1, 0.0, SIDE)


def upwards(values: Iterable[float], whole: tuple[float, float] | None = None) -> Scale:
    """Return a scale of the y axis that covers all values, or the range `whole`.

    Its ends are round numbers, and it is never empty.
    """
    finite = [value for value in values if math.isfinite(value)]
    if whole:
        return Scale(*whole, SIDE, 0.0)
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    step = round_step(max(high - low, 1e-9 * abs(high)) or 1.0)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return Scale(low, high if high > low else low + step, SIDE, 0.0)


def round_step(span: float, steps: int = 4) -> float:
    """Return 1, 2 or 5 times a power of ten, such that about `steps` of it cover the span."""
    rough = max(span / steps, LEAST)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(
        multiple * power for multiple in (1, 2, 5, 10) if multiple * power >= rough * (1 - 1e-9)
    )


def line(points: Sequence[Point | None]) -> str:
    """Return the path through the points; None is a gap."""
    return "".join(
        "M" + "L".join(f"{x:g} {y:g}" for x, y in run) for run in _runs(points) if len(run) > 1
    )


def band(lows: Sequence[Point | None], highs: Sequence[Point | None]) -> str:
    """Return the areas between two lines, with a gap where either has one."""
    both = [(low, high) if low and high else None for low, high in zip(lows, highs, strict=True)]
    areas = []
    for run in _runs(both):
        edge = [high for _, high in run] + [low for low, _ in reversed(run)]
        if len(run) > 1:
            areas.append("M" + "L".join(f"{x:g} {y:g}" for x, y in edge) + "Z")
    return "".join(areas)


def alone(points: Sequence[Point | None]) -> list[Point]:
    """Return the points between two gaps, which no line connects."""
    return [run[0] for run in _runs(points) if len(run) == 1]


def _runs(points: Sequence[object | None]) -> Iterator[list]:  # type: ignore[type-arg]
    run: list[object] = []
    for point in (*points, None):
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []
