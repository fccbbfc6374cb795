"""Renders docs/benchmarks.md: tables and plots from the results, text from page.md."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from string import Template
from typing import Any

from benchmarks import plots
from benchmarks.bars import Results, bars
from benchmarks.connected_page import received, translated
from benchmarks.host import machines
from benchmarks.markdown import comparison, spread, table
from benchmarks.scaling import FULL_SPEED
from pipeline.board.inbox.stream import GATHER
from pipeline.config.groups import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
WORDS = Path(__file__).parent / "page.md"
PLOTS: dict[str, tuple[str, Callable[[dict[str, Any], Path], None]]] = {
    "throughput": ("throughput", plots.throughput),
    "latency": ("chain", plots.latency),
    "overload": ("chain", plots.overload),
    "customers": ("scaling", plots.customers),
    "store": ("store", plots.store),
}
"""File of a plot → the part whose results it shows, and the function that draws it."""


def write_page(folder: Path, parts: Iterable[str]) -> None:
    """Write page and plots from the results of all parts in a folder."""
    results: Results = {part: json.loads((folder / f"{part}.json").read_bytes()) for part in parts}
    beside = PAGE.parent / "benchmarks"
    beside.mkdir(exist_ok=True)
    for name, (part, draw) in PLOTS.items():
        draw(results[part], beside / f"{name}.svg")
    chain, scaling = results["chain"], results["scaling"]
    text = Template(WORDS.read_text()).substitute(
        machine=machines(results),
        quick=_quick(results),
        bars=table(
            ("", "bar", "found", "reached"),
            ((*bar[:3], "yes" if bar.reached else "**no**") for bar in bars(results)),
        ),
        throughput=_throughput(results["throughput"]),
        max_lag=f"{chain['max_lag_s']:g}",
        sustained=f"{chain['sustained']:,.0f}",
        latency=_latency(chain["latency"]),
        overload=_overload(chain["overload"]),
        inbox=_inbox(results["inbox"]),
        **received(results["receive"]),
        **translated(results["translate"]),
        workers=_workers(scaling["workers"]),
        customers=_customers(scaling["customers"]),
        full_speed=f"{FULL_SPEED:.0%}",
        store=_store(results["store"]["sizes"]),
        dashboard_events=f"{results['dashboards']['events']:,}",
        dashboard_alerts=f"{results['dashboards']['alerts']:,}",
        dashboards=_dashboards(results["dashboards"]),
        profile=_profile(results["profile"]["roles"]),
        upkeep=_upkeep(results["upkeep"]),
        upkeep_minutes=f"{results['upkeep']['seconds'] / 60:g}",
        sample_rate=f"{results['upkeep']['rate']}",
    )
    PAGE.write_text(text)


def _quick(results: Results) -> str:
    parts = [name for name, one in results.items() if one["quick"]]
    return f"; in the quick form: {', '.join(parts)}" if parts else ""


def _throughput(found: dict[str, Any]) -> str:
    groups = ((group, one) for group, one in found.items() if isinstance(one, list))
    return "\n\n".join(f"**{group}**\n\n{comparison(subjects)}" for group, subjects in groups)


def _latency(found: dict[str, Any]) -> str:
    head = (
        "load",
        "events/s",
        "",
        "p50 ms",
        "p95",
        "p99",
        "max",
        "p50 to the broker alone",
        "seen",
    )
    kinds = (("hop", "broker alone"), ("alert", "event → alert"), ("kpi", "event → KPI visible"))
    return table(
        head,
        (
            (
                share,
                f"{one['rate']:,.0f}",
                title,
                *(f"{one[f'{kind}_ms'][name]:,.0f}" for name in ("p50", "p95", "p99", "max")),
                f"{one[f'{kind}_ms']['p50'] / one['hop_ms']['p50']:.1f} ×",
                f"{one[f'{kind}_ms']['count']:,}",
            )
            for share, one in found.items()
            for kind, title in kinds
        ),
    )


def _overload(found: dict[str, Any]) -> str:
    urgent, severe = found["urgent_alert_ms"], found["severe_alert_ms"]
    same = found["equal"]
    grown = ", ".join(f"{role} {ratio:.2f} ×" for role, ratio in found["memory_ratio"].items())
    return (
        f"{found['rate']:,.0f} events/s for {found['seconds']:g} s; all was through "
        f"{found['caught_up_s']:.0f} s after the first event. Highest memory against that below "
        f"the sustained rate: {grown}. Alerts for words that cannot wait (leaving, boycott, going "
        f"public, lawyers) came after {urgent['p50'] / 1e3:.1f} s (p50), {urgent['p99'] / 1e3:.1f} "
        f"s (p99); the others of high and critical severity, which need what came before, after "
        f"{severe['p50'] / 1e3:.1f} s (p50), {severe['p99'] / 1e3:.1f} s (p99).\n\n"
        "Afterwards: every event stored once: "
        f"{_yes(same['stored'])}; counted once in the KPI minutes: {_yes(same['kpis'])}; "
        f"alerts of one customer in twenty ({same['alerts_compared']:,}) as in a fold of their "
        f"events, one at a time: {_yes(same['alerts'])}."
    )


def _inbox(found: dict[str, Any]) -> str:
    shown, alert = found["shown_ms"], found["alert_ms"]
    return (
        f"At {found['rate']:,.0f} events/s, with a page of the inbox open for each severity: an "
        f"alert shows {shown['p50']:,.0f} ms (p50), {shown['p95']:,.0f} ms (p95), "
        f"{shown['p99']:,.0f} ms (p99), at most {shown['max']:,.0f} ms after its event "
        f"({found['alerts']:,} alerts, {found['never_shown']} never shown). A plain consumer of "
        f"`cx.alerts` has it after {alert['p50']:,.0f} ms (p50), {alert['p99']:,.0f} ms (p99). A "
        "page is sent a change at once; then its stream rests for "
        f"{1_000 * GATHER:,.0f} ms or more, and sends in one what came meanwhile."
    )


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"


def _workers(found: list[dict[str, Any]]) -> str:
    return table(
        ("role", "workers", "ratio", "events/s", "MB each"),
        (
            (
                one["role"],
                str(one["workers"]),
                spread(one["ratio"]),
                f"{one['rate']['median']:,.0f}",
                f"{one['rss_mb_each']:.0f}",
            )
            for one in found
        ),
    )


def _customers(found: list[dict[str, Any]]) -> str:
    head = (
        *("customers", "events/s", "MB memory", "MB disk", "lost state: first commit, s"),
        *("ratio", "kill -9: first commit, s", "ratio", "full speed, s"),
    )
    return table(
        head,
        (
            (
                f"{one['customers']:,}",
                f"{one['rate']:,.0f}",
                f"{one['rss_mb']:.0f}",
                f"{one['disk_mb']:.0f}",
                f"{one['lost_s']:.1f}",
                f"{one['lost_ratio']:.2f}",
                f"{one['killed_s']:.1f}",
                f"{one['killed_ratio']:.2f}",
                f"{one['full_speed_s']:.1f}",
            )
            for one in found
        ),
    )


def _store(found: list[dict[str, Any]]) -> str:
    """Return the table of the store: a column per size, empty where a size has no figure."""
    head = ("", *(f"{one['engine']}, {one['rows'] / 1e6:g} M" for one in found))
    tables = {name: None for one in found for name in one["bytes_per_event"]}
    sizes = [
        (f"bytes an event, {name}", *(f"{one['bytes_per_event'].get(name, 0):g}" for one in found))
        for name in tables
    ]
    figures = [{each["what"]: each for each in (*one["reads"], *one["writes"])} for one in found]
    costs = [
        (what, *(_cost(of_size.get(what)) for of_size in figures))
        for what in {name: None for of_size in figures for name in of_size}
    ]
    return table(head, [*sizes, *costs])


def _cost(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return ""
    ratio = "" if figure["ratio"] is None else f" ({figure['ratio']:,.1f} ×)"
    return f"{figure['client_ms'] + figure['engine_ms']:,.0f}{ratio}"


def _dashboards(found: dict[str, Any]) -> str:
    """Return the table of dashboards: slowest query and number of queries."""
    panels: dict[str, list[dict[str, Any]]] = {}
    for panel in found["panels"]:
        panels.setdefault(panel["dashboard"], []).append(panel)
    head = ("dashboard", "queries", "days asked for", "slowest", "ms", "CPU ms")
    return table(
        head,
        (
            (
                name,
                str(len(mine)),
                f"{mine[0]['days']:g}",
                mine[0]["title"],
                f"{mine[0]['ms']:,.0f}",
                f"{mine[0]['cpu_ms']:,.0f}",
            )
            for name, mine in panels.items()
        ),
    )


def _profile(found: dict[str, dict[str, float]]) -> str:
    layers = {layer: None for shares in found.values() for layer in shares}
    return table(
        ("", *found),
        (
            (layer, *(f"{shares.get(layer, 0):.0%}" for shares in found.values()))
            for layer in layers
        ),
    )


def _upkeep(found: dict[str, Any]) -> str:
    """Return the table of `nabiz up`: a row per part, idle and with the sample."""
    kinds = {
        kind: {one["part"]: one for one in found[kind]["parts"]} for kind in ("idle", "sample")
    }

    def row(name: str, parts: Iterable[str]) -> tuple[str, ...]:
        cells = []
        for of_kind in kinds.values():
            mine = [of_kind[part] for part in parts if part in of_kind]
            cpu, pss = sum(one["cpu"] for one in mine), sum(one["pss"] for one in mine)
            cells += [f"{cpu:.1f}%", f"{pss:,.0f}"] if mine else ["", ""]
        return name, *cells

    head = ("", "idle: of a core", "MB", "sample: of a core", "MB")
    names = list(kinds["sample"])
    times = (
        f"first screen, a new folder: {found[kind]['first_screen']:.1f} s ({kind}); "
        f"started again: {found[kind]['again']:.1f} s"
        for kind in kinds
    )
    rows = [*(row(name, [name]) for name in names), row("**together**", names)]
    return table(head, rows) + "\n\n" + ". ".join(times) + "."
