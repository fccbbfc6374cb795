"""Compares the figures of engines with their required bounds."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from evaluation.measures import Interval
from evaluation.results import Report
from evaluation.systems import BASELINES


class Bar(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Bounds of a figure by engine in `bars.yaml`: either `at_least` or `at_most`."""

    figure: Literal[
        "accuracy", "macro_f1", "polar_accuracy", "calibration_error", "challenges", "rate"
    ]
    set: str | None = None
    at_least: dict[str, float] = {}
    at_most: dict[str, float] = {}

    def of(self, report: Report) -> Interval | None:
        """Return the figure, or None if it was not measured."""
        match self.figure:
            case "rate":
                return report.rate
            case "challenges":
                whole = report.challenges.get("all")
                return whole.mean if whole else None
            case _:
                measures = report.sets.get(self.set or "")
                return getattr(measures, self.figure) if measures else None


class Verdict(NamedTuple):
    """A figure of an engine, with its bound and the best figure of a baseline."""

    bar: Bar
    engine: str
    bound: float
    found: Interval
    best_baseline: float | None

    @property
    def is_met(self) -> bool:
        """Whether the figure reaches its bound."""
        return self._reaches(self.bound)

    @property
    def is_ahead(self) -> bool:
        """Whether the figure is at least as good as that of every baseline."""
        return self.best_baseline is None or self._reaches(self.best_baseline)

    def _reaches(self, bound: float) -> bool:
        return self.found.value >= bound if self.bar.at_least else self.found.value <= bound


def bars() -> list[Bar]:
    """Return the bars in table order."""
    return msgspec.yaml.decode(
        files("evaluation").joinpath("bars.yaml").read_bytes(), type=list[Bar]
    )


def verdicts(reports: Mapping[str, Report]) -> Iterator[Verdict]:
    """Yield a verdict per bar and measured engine; rates are not compared with baselines."""
    for bar in bars():
        baselines = [] if bar.figure == "rate" else [n for n in BASELINES if n in reports]
        best = _best([bar.of(reports[name]) for name in baselines], bar)
        for engine, bound in (bar.at_least or bar.at_most).items():
            found = bar.of(reports[engine]) if engine in reports else None
            if found:
                yield Verdict(bar, engine, bound, found, best)


def _best(figures: list[Interval | None], bar: Bar) -> float | None:
    values = [figure.value for figure in figures if figure]
    return (max if bar.at_least else min)(values, default=None)
