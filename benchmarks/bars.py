"""Compares results with their required bounds."""

from collections.abc import Iterator
from operator import ge, le
from typing import Any, NamedTuple

Results = dict[str, dict[str, Any]]
"""The JSON of each part by name."""


class Bar(NamedTuple):
    """A figure and its bound."""

    what: str
    bound: str
    found: str
    reached: bool


def bars(results: Results) -> Iterator[Bar]:
    """Yield the bars of the parts that have results."""
    if "throughput" in results:
        yield from _throughput(results["throughput"])
    if "chain" in results:
        yield from _chain(results["chain"])
    if "inbox" in results:
        yield from _inbox(results["inbox"])
    if "receive" in results:
        ratio = results["receive"]["ratio"]
        yield Bar("receiver to a bare route, a core", "≥ 0.5 ×", f"{ratio:.2f} ×", ratio >= 0.5)
        lost = results["receive"]["burst"]["lost"]
        yield Bar("deliveries answered 2xx and lost in a burst", "0", str(lost), not lost)
    if "translate" in results:
        yield from _translate(results["translate"])
    if "scaling" in results:
        yield from _scaling(results["scaling"])
    if "dashboards" in results:
        yield from _dashboards(results["dashboards"])
    if "upkeep" in results:
        yield from _upkeep(results["upkeep"])


def _throughput(found: dict[str, Any]) -> Iterator[Bar]:
    rates = {
        (group, one["subject"]): one["ratio"]["median"]
        for group, subjects in found.items()
        if isinstance(subjects, list)
        for one in subjects
    }

    def ratio(group: str, subject: str, to: str) -> float:
        return float(rates[group, subject] / rates[group, to])

    for what, bound, group, subject, to in (
        ("no-op agent to stock Faust", 2.5, "no-op", "Nabız no-op", "Faust no-op"),
        (
            "understand to a stock agent that forwards",
            *(3.0, "understand", "Nabız understand", "Faust forwards"),
        ),
        (
            "understand to Quix Streams in batches",
            *(0.7, "understand", "Nabız understand", "Quix Streams understand"),
        ),
        (
            "detect to a stock agent with one table write",
            *(4.0, "detect", "Nabız detect", "Faust table write"),
        ),
        ("detect to Quix Streams", 1.0, "detect", "Nabız detect", "Quix Streams detect"),
        ("record to our no-op agent", 0.8, "record", "Nabız record", "Nabız no-op"),
        ("the whole to Quix Streams", 1.3, "whole", "Nabız", "Quix Streams"),
    ):
        value = ratio(group, subject, to)
        yield Bar(what, f"≥ {bound:g} ×", f"{value:.2f} ×", ge(value, bound))
    whole = {one["subject"]: one for one in found["whole"]}
    mine, theirs = whole["Nabız"], whole["Quix Streams"]
    cpu = mine["cpu_ratio"]["median"] / theirs["cpu_ratio"]["median"]
    yield Bar("its processor time an event", "≤ 0.8 ×", f"{cpu:.2f} ×", cpu <= 0.8)
    memory = mine["rss_mb"] / theirs["rss_mb"]
    yield Bar("its memory", "≤ 1 ×", f"{memory:.2f} ×", memory <= 1.0)
    worker = next(one for one in found["understand"] if one["subject"] == "Nabız understand")
    yield Bar(
        "memory of a worker with `fast`",
        *("≤ 250 MB", f"{worker['rss_mb']:.0f} MB", le(worker["rss_mb"], 250)),
    )


def _chain(found: dict[str, Any]) -> Iterator[Bar]:
    rate = found["sustained"]
    yield Bar("whole chain", "≥ 3,000 events/s", f"{rate:,.0f} events/s", rate >= 3_000)
    p99 = found["latency"]["50%"]["alert_ms"]["p99"]
    yield Bar("event → alert, p99 at half that rate", "≤ 300 ms", f"{p99:,.0f} ms", p99 <= 300)
    overload = found["overload"]
    grown = max(overload["memory_ratio"].values())
    yield Bar("memory at ten times that rate", "≤ 1.5 × before", f"{grown:.2f} ×", grown <= 1.5)
    same = all(overload["equal"].values())
    yield Bar("equal afterwards", "all", "all" if same else "not all", same)


def _inbox(found: dict[str, Any]) -> Iterator[Bar]:
    p99, missing = found["shown_ms"]["p99"], found["never_shown"]
    what = f"event → inbox, p99 at {found['rate']:,.0f} events/s"
    yield Bar(what, "≤ 1,000 ms", f"{p99:,.0f} ms", p99 <= 1_000 and not missing)


def _translate(found: dict[str, Any]) -> Iterator[Bar]:
    (ours,) = found["roles"]["all mappings"]
    rate = 1e6 / ours["cpu_us"]["median"]
    yield Bar("translate, a core", "≥ 5,000 deliveries/s", f"{rate:,.0f}/s", rate >= 5_000)
    p99 = found["delivered"]["latency_ms"]["p99"]
    yield Bar("delivery → event, p99 at half load", "≤ 150 ms", f"{p99:,.0f} ms", p99 <= 150)


def _scaling(found: dict[str, Any]) -> Iterator[Bar]:
    for one in found["customers"]:
        if one["customers"] == 100_000:
            seconds = one["full_speed_s"]
            yield Bar(
                "full speed after kill -9, 100,000 customers",
                *("≤ 10 s", f"{seconds:.1f} s", seconds <= 10),
            )


def _dashboards(found: dict[str, Any]) -> Iterator[Bar]:
    slowest = max(panel["ms"] for panel in found["panels"])
    what = f"slowest query of a dashboard, {found['events'] / 1e6:.1f} M events"
    yield Bar(what, "< 1,000 ms", f"{slowest:,.0f} ms", slowest < 1_000)


def _upkeep(found: dict[str, Any]) -> Iterator[Bar]:
    rate = found["rate"]
    for kind, what, most in (
        ("idle", "with nothing to do", 8),
        ("sample", f"at {rate} events/s", 25),
    ):
        cpu = sum(part["cpu"] for part in found[kind]["parts"])
        yield Bar(f"nabiz up {what}", f"≤ {most}% of a core", f"{cpu:.1f}%", cpu <= most)
    memory = max(sum(part["pss"] for part in found[kind]["parts"]) for kind in ("idle", "sample"))
    yield Bar("nabiz up, memory of everything", "≤ 1,000 MB", f"{memory:,.0f} MB", memory <= 1_000)
    slowest = max(found[kind]["first_screen"] for kind in ("idle", "sample"))
    yield Bar("nabiz up, first screen", "≤ 15 s", f"{slowest:.1f} s", slowest <= 15)
