"""Renders docs/evaluation.md: tables from the results, text from page.md."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from string import Template
from typing import Final, TypeVar

from benchmarks.markdown import table
from evaluation.bars import verdicts
from evaluation.measures import Interval, Measures
from evaluation.processors import processors
from evaluation.results import Results

T = TypeVar("T")

PLOT: Final = "curve.svg"
"""File of the curve, in the folder `evaluation` beside the page."""

_ONE_PROCESSOR: Final = "Not measured: that takes Linux on x86-64 and a C compiler."
_COLUMNS: Final = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "polar_accuracy": "polar accuracy",
    "calibration_error": "calibration error",
    "challenges": "challenges, mean over categories",
    "rate": "texts/s/core",
}


def page(results: Results) -> str:
    """Return the page in Markdown."""
    machine = results.machine
    missing = ", ".join(f"`{name}`" for name in results.missing)
    return Template(files("evaluation").joinpath("page.md").read_text("utf-8")).substitute(
        machine=f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}",
        date=results.date,
        missing=f"- Not measured, since not at hand: {missing}.\n" if missing else "",
        bars=_bars(results),
        systems=table(
            ("system", "version", "texts/s/core"),
            (
                (name, report.version, _figure(report.rate, digits=0))
                for name, report in results.systems.items()
            ),
        ),
        sets=table(
            ("set", "language", "texts", "read"),
            ((name, s.language, s.texts, f"{s.count:,}") for name, s in results.sets.items()),
        ),
        measures=table(
            ("set", "system", *(_COLUMNS[name] for name in Measures.__struct_fields__)),
            _measures(results),
        ),
        challenges=_challenges(results, "all"),
        english_challenges=_challenges(results, "en"),
        kept=_kept(results),
        curve=_curve(results),
        processors=processors(results.processors) if results.processors else _ONE_PROCESSOR,
    )


def _figure(interval: Interval | None, digits: int = 3) -> str:
    if interval is None:
        return ""
    value, low, high = (
        f"{value:,.{digits}f}" for value in (interval.value, interval.low, interval.high)
    )
    return f"{value} ({low}–{high})"


def _bars(results: Results) -> str:
    return table(
        ("figure", "engine", "bar", "found", "met", "best baseline", "ahead of it"),
        (
            (
                _COLUMNS[verdict.bar.figure] + (f", {verdict.bar.set}" if verdict.bar.set else ""),
                verdict.engine,
                f"{'≥' if verdict.bar.at_least else '≤'} {verdict.bound:,g}",
                _figure(verdict.found, digits=0 if verdict.bar.figure == "rate" else 3),
                _yes(verdict.is_met),
                "" if verdict.best_baseline is None else f"{verdict.best_baseline:.3f}",
                "" if verdict.best_baseline is None else _yes(verdict.is_ahead),
            )
            for verdict in verdicts(results.systems)
        ),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"


def _measures(results: Results) -> Iterator[list[str]]:
    for name in results.sets:
        for system, report in results.systems.items():
            if name in report.sets:
                figures = (
                    getattr(report.sets[name], field) for field in Measures.__struct_fields__
                )
                yield [name, system, *map(_figure, figures)]


def _challenges(results: Results, part: str) -> str:
    """Return the table of challenges: a column per system, a row per category."""
    challenges = {
        name: report.challenges[part]
        for name, report in results.systems.items()
        if part in report.challenges
    }
    categories = _names(challenge.categories for challenge in challenges.values())
    rows = [
        (
            category.replace("_", " "),
            *(
                _figure(challenge.categories.get(category), digits=2)
                for challenge in challenges.values()
            ),
        )
        for category in categories
    ]
    means = ("**mean**", *(_figure(challenge.mean) for challenge in challenges.values()))
    return table(("category", *challenges), [*rows, means])


def _kept(results: Results) -> str:
    """Return the table of robustness: a column per system, a row per set and distortion."""
    rows = _names(
        [(name, way) for name, ways in report.kept.items() for way in ways]
        for report in results.systems.values()
    )
    return table(
        ("set", "typed", *results.systems),
        (
            (
                name,
                way,
                *(
                    _figure(report.kept.get(name, {}).get(way))
                    for report in results.systems.values()
                ),
            )
            for name, way in rows
        ),
    )


def _curve(results: Results) -> str:
    if not results.curve:
        return "The curve needs `fast` and `strong`."
    points = list(zip(*results.curve.values(), strict=True))
    return f"![Accuracy by texts a second](evaluation/{PLOT})\n\n" + table(
        ("read by `strong`", "texts/s/core", *results.curve),
        (
            (
                f"{row[0].share:.0%}",
                f"{row[0].rate:,.0f}",
                *(_figure(point.accuracy) for point in row),
            )
            for row in points
        ),
    )


def _names(groups: Iterable[Iterable[T]]) -> list[T]:
    """Return the distinct items of all groups, in order of first occurrence."""
    return list(dict.fromkeys(item for group in groups for item in group))
