"""Renders docs/detection.md: tables from a played span, text from page.md."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from importlib.resources import files
from string import Template

import numpy as np

from benchmarks.markdown import table
from evaluation.detection.match import Kind, Score, recalled, score, spared
from evaluation.detection.play import Played
from pipeline.kpi.estimates import Estimate, share
from pipeline.sources.simulate.truth import Expectation

_MONTH = timedelta(days=30)
_LASTING = timedelta(days=20)
"""Truths that last so long on average have a rate of false alarms a month."""
_UNITS = ((timedelta(days=2), "d"), (timedelta(hours=2), "h"), (timedelta(minutes=2), "min"))


def page(played: Played, among: Sequence[Kind], days: float, setting: str) -> str:
    """Return the page in Markdown; `setting` says what was played."""
    return Template(
        files("evaluation.detection").joinpath("page.md").read_text("utf-8")
    ).substitute(
        setting=setting,
        events=f"{played.events:,}",
        customers=f"{played.customers:,}",
        alerts=_alerts(played, among, days),
        found=_found(played, among),
        spared=_spared(played, among),
    )


def _alerts(played: Played, among: Sequence[Kind], days: float) -> str:
    scores = {kind: score(kind, among, played.alerts, played.truths) for kind in among}
    per_day = 1_000 / (played.customers * days)
    head = (
        *("alert", "causes", "alerts", "precision", "to be found", "recall"),
        *("found after", "lead time", "per 1,000 customers and day"),
    )
    rows = [
        (
            kind.name,
            ", ".join(f"`{cause}`" for cause in kind.causes),
            f"{one.alerts:,}",
            _percent(share(one.right, one.alerts)),
            f"{one.wanted:,}",
            _percent(share(one.found, one.wanted)),
            _spread(one.after),
            _spread(one.ahead),
            f"{one.alerts * per_day:.2f}",
        )
        for kind, one in scores.items()
    ]
    return table(head, [*rows, _total(scores.values(), per_day)])


def _total(scores: Collection[Score], per_day: float) -> tuple[str, ...]:
    alerts, right = sum(one.alerts for one in scores), sum(one.right for one in scores)
    sums = f"{alerts:,}", _percent(share(right, alerts))
    return ("all", "", *sums, "", "", "", "", f"{alerts * per_day:.2f}")


def _found(played: Played, among: Sequence[Kind]) -> str:
    return table(
        ("what is true", "times", "found by its alert", "found by any alert"),
        (
            (
                _title(kind),
                f"{one.wanted:,}",
                _percent(share(one.found, one.wanted)),
                _percent(share(one.by_any, one.wanted)),
            )
            for kind in _expecting(played, "alert")
            for one in [recalled(kind, among, played.alerts, played.truths)]
        ),
    )


def _spared(played: Played, among: Sequence[Kind]) -> str:
    return table(
        (
            "what is true",
            "times",
            "rang all the same",
            "false alarms per 1,000 customers and month",
        ),
        (
            (
                _title(kind),
                f"{one.truths:,}",
                _percent(share(one.rung, one.truths)),
                f"{1_000 * one.alerts * _MONTH / one.lasted:.1f}"
                if one.lasted > one.truths * _LASTING
                else "",
            )
            for kind in _expecting(played, "silence")
            for one in [spared(kind, among, played.alerts, played.truths)]
        ),
    )


def _expecting(played: Played, expects: Expectation) -> Iterator[str]:
    yield from sorted({truth.kind for truth in played.truths if truth.expects == expects})


def _title(kind: str) -> str:
    return kind.replace("_", " ")


def _percent(estimate: Estimate) -> str:
    value, _, low, high, *_ = estimate
    return "–" if value is None else f"{value:.0f} % ({low:.0f}–{high:.0f})"


def _spread(times: Sequence[timedelta]) -> str:
    """Return median, and the 10th and 90th percentile, in a unit that fits the last."""
    if not times:
        return "–"
    seconds = [one.total_seconds() for one in times]
    tenth, median, ninth = (float(q) for q in np.quantile(seconds, (0.1, 0.5, 0.9)))
    unit, name = next(
        ((limit / 2, name) for limit, name in _UNITS if ninth >= limit.total_seconds()),
        (timedelta(seconds=1), "s"),
    )
    low, middle, high = (f"{one / unit.total_seconds():.1f}" for one in (tenth, median, ninth))
    return f"{middle} {name} ({low}–{high})"
