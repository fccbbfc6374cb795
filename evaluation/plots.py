"""Draws the plot of the page as a small SVG file; needs the extra `evaluation`."""

from pathlib import Path

import matplotlib

from evaluation.results import Results

matplotlib.use("svg")
matplotlib.rcParams.update(
    {"svg.hashsalt": "nabiz", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
)
from matplotlib import pyplot as plt  # noqa: E402 - after the choice of the backend


def curve(results: Results, target: Path) -> None:
    """Plot accuracy by rate: a line per set, a dot per share of `strong`, a star for `auto`."""
    figure, axis = plt.subplots(figsize=(7, 3.2))
    for name, points in results.curve.items():
        rates = [point.rate for point in points]
        line = axis.plot(
            rates, [point.accuracy.value for point in points], marker="o", markersize=4, label=name
        )
        low, high = ([getattr(p.accuracy, end) for p in points] for end in ("low", "high"))
        axis.fill_between(rates, low, high, color=line[0].get_color(), alpha=0.12)
        for point in points:
            at = (point.rate, point.accuracy.value)
            axis.annotate(f"{point.share:.0%}", at, (0, 5), textcoords="offset points", fontsize=7)
        if auto := results.systems.get("auto"):
            at = (auto.rate.value, auto.sets[name].accuracy.value)
            axis.plot(*at, marker="*", markersize=10, color=line[0].get_color())
    axis.set(xscale="log", xlabel="texts/s/core", ylabel="accuracy")
    axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)
