"""Draws the plots of the page as small SVG files."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update(
    {"svg.hashsalt": "nabiz", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
)
from matplotlib import pyplot as plt  # noqa: E402 - after the choice of the backend

Found = dict[str, Any]


def throughput(found: Found, target: Path) -> None:
    """Plot each subject's rate relative to its group's baseline."""
    groups = {name: subjects for name, subjects in found.items() if isinstance(subjects, list)}
    figure, axes = plt.subplots(len(groups), 1, figsize=(7, 1.1 + 0.32 * _count(groups)))
    for axis, (name, subjects) in zip(axes, groups.items(), strict=True):
        labels = [one["subject"] for one in subjects]
        ratios = [one["ratio"]["median"] for one in subjects]
        spread = [
            [max(0.0, one["ratio"]["median"] - one["ratio"]["low"]) for one in subjects],
            [max(0.0, one["ratio"]["high"] - one["ratio"]["median"]) for one in subjects],
        ]
        colours = ["#2563eb" if label.startswith("Nabız") else "#94a3b8" for label in labels]
        axis.barh(labels, ratios, xerr=spread, color=colours, height=0.7)
        axis.invert_yaxis()
        axis.set_title(f"{name}: rate, {labels[0]} = 1", loc="left", fontsize=9)
    _save(figure, target)


def _count(groups: dict[str, list[Found]]) -> int:
    return sum(len(subjects) + 1 for subjects in groups.values())


def latency(found: Found, target: Path) -> None:
    """Plot quantiles of latencies by load, on a logarithmic scale."""
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
    shares = list(found["latency"])
    for axis, kind, title in (
        (axes[0], "alert_ms", "event → alert"),
        (axes[1], "kpi_ms", "event → KPI visible"),
    ):
        for quantile in ("p50", "p95", "p99", "max"):
            values = [found["latency"][share][kind][quantile] for share in shares]
            axis.plot(shares, values, marker="o", label=quantile)
        hops = [found["latency"][share]["hop_ms"]["p50"] for share in shares]
        axis.plot(shares, hops, "--", color="grey", label="broker alone, p50")
        axis.set(yscale="log", title=title, xlabel="share of the sustained rate")
    axes[0].set_ylabel("ms")
    axes[1].legend(fontsize=7)
    _save(figure, target)


def overload(found: Found, target: Path) -> None:
    """Plot lag, memory and severe alerts over time."""
    series = found["overload"]["series"]
    times = [one["at"] for one in series]
    figure, axes = plt.subplots(3, 1, figsize=(7, 5.5), sharex=True)
    for role in series[0]["rss_mb"]:
        axes[0].plot(times, [one["lag_events"][role] for one in series], label=role)
        axes[1].plot(times, [one["rss_mb"][role] for one in series], label=role)
    for kind in ("severe", "urgent"):
        alerts = found["overload"][f"{kind}_alerts"]
        dots = [due for due, _ in alerts], [late for _, late in alerts]
        axes[2].plot(*dots, ".", markersize=2, label=kind)
    axes[0].set_ylabel("lag, events")
    axes[1].set(ylabel="memory, MB", ylim=(0, None))
    axes[2].set(ylabel="alert\nafter s", xlabel="seconds from the first event (due)")
    axes[0].legend(fontsize=7)
    axes[2].legend(fontsize=7)
    for axis in axes:
        axis.axvspan(0, found["overload"]["seconds"], color="#fee2e2", zorder=0)
    _save(figure, target)


def customers(found: Found, target: Path) -> None:
    """Plot recovery times, memory and disk by number of customers."""
    rows = found["customers"]
    counts = [one["customers"] for one in rows]
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.8))
    for name, label in (
        ("lost_s", "lost state: first commit"),
        ("killed_s", "kill -9: first commit"),
        ("full_speed_s", "kill -9: full speed"),
    ):
        axes[0].plot(counts, [one[name] for one in rows], marker="o", label=label)
    for name, label in (("rss_mb", "memory"), ("disk_mb", "disk")):
        axes[1].plot(counts, [one[name] for one in rows], marker="o", label=label)
    for axis, title in zip(axes, ("seconds", "MB"), strict=True):
        axis.set(xscale="log", yscale="log", title=title, xlabel="customers")
        axis.legend(fontsize=7)
    _save(figure, target)


def store(found: Found, target: Path) -> None:
    """Plot CPU time of reads and writes by number of events, a line per engine."""
    shown = (
        "KPIs of an hour by nothing",
        "KPIs of a day by nothing",
        "counts of each of 30 days",
        "timeline of a customer",
        "write 5000 events in 10 minutes",
        "recompute the KPIs of 10 minutes",
    )
    figure, axes = plt.subplots(2, 3, figsize=(7, 4.2), sharex=True)
    for axis, what in zip(axes.flat, shown, strict=True):
        for engine in {one["engine"]: None for one in found["sizes"]}:
            costs = {
                one["rows"]: each["client_ms"] + each["engine_ms"]
                for one in found["sizes"]
                for each in (*one["reads"], *one["writes"])
                if one["engine"] == engine and each["what"] == what
            }
            axis.plot(list(costs), list(costs.values()), marker="o", label=engine)
        axis.set(xscale="log", yscale="log")
        axis.set_title(what, fontsize=8)
    for axis in axes[1]:
        axis.set_xlabel("events")
    for row in axes:
        row[0].set_ylabel("CPU ms")
    axes[0, 0].legend(fontsize=6)
    _save(figure, target)


def _save(figure: Any, target: Path) -> None:
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)
