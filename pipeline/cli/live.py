"""The live display of `nabiz up`: a screen on a terminal, lines elsewhere."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import httpx
import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from pipeline.cli import show
from pipeline.cli.machine import Machine
from pipeline.cli.supervisor import Child
from pipeline.common.plurals import counted
from pipeline.contracts.topology import WITHIN
from pipeline.kpi.definitions import DEFINITIONS, KpiValue
from pipeline.model.alert import Alert
from pipeline.service.views import Status

T = TypeVar("T")

REFRESH = 1.0
QUIET = 3
"""Factor by which the display refreshes less often while idle."""
LINES_EVERY = 5.0
"""Seconds between lines if there is no terminal."""
KPIS_EVERY, QUIET_KPIS_EVERY = 10.0, 30.0
"""Seconds between KPI queries: the store is locked while it answers.

If nothing was stored since, they change only by events that leave the last hour.
"""
NEWEST = 6
SHOWN_KPIS = tuple(one.name for one in DEFINITIONS if "live" in one.shown_on)
"""KPIs on the screen; no ticket times, since the sample's tickets are faster than real ones."""
LINE_KPIS = tuple(one.name for one in DEFINITIONS if "line" in one.shown_on)


class View(msgspec.Struct, frozen=True):
    """The last answers of the API; `kpis_at` is the monotonic time of the KPIs."""

    status: Status
    kpis: list[KpiValue]
    alerts: list[Alert]
    kpis_at: float


def watch(machine: Machine, console: Console) -> None:
    """Show the machine and keep it running until interrupted."""
    headers = machine.credentials
    with httpx.Client(base_url=machine.api, headers=headers, timeout=5) as client:
        if console.is_terminal:
            with Live(console=console, auto_refresh=False, screen=False) as live:
                _loop(
                    machine,
                    client,
                    REFRESH,
                    lambda view: live.update(screen(machine, view), refresh=True),
                )
        else:
            _loop(
                machine,
                client,
                LINES_EVERY,
                lambda view: console.print(line(machine, view), soft_wrap=True),
            )


def _loop(
    machine: Machine, client: httpx.Client, every: float, display: Callable[[View], None]
) -> None:
    view: View | None = None
    turns = 0
    while True:
        begun = time.monotonic()
        machine.tick()
        turns -= 1
        if turns <= 0:
            before, view = view, ask(client, view, begun)
            if view:
                with suppress(OSError):  # a log on a full disk: what is shown is not what it is for
                    display(view)
            turns = QUIET if before and view and still(before, view) else 1
        time.sleep(max(0.0, begun + every - time.monotonic()))


def still(before: View, now: View) -> bool:
    """Return whether nothing is read or stored."""
    reads = any(lag.lag_events or lag.rate for lag in now.status.partitions)
    return not reads and before.status.store.rows == now.status.store.rows


def ask(client: httpx.Client, before: View | None, now: float) -> View | None:
    """Query the API; KPIs only if those of `before` are old. None if it does not answer."""
    try:
        status = _get(client, "/v1/status", Status)
        alerts = _get(client, f"/v1/alerts?limit={NEWEST}", list[Alert])
        if before:
            same = before.status.store.rows == status.store.rows
            if now - before.kpis_at < (QUIET_KPIS_EVERY if same else KPIS_EVERY):
                return View(status, before.kpis, alerts, before.kpis_at)
        return View(status, _get(client, "/v1/kpis", list[KpiValue]), alerts, now)
    except (httpx.HTTPError, msgspec.DecodeError):
        return None  # the role that serves the API is being started again


def _get(client: httpx.Client, path: str, kind: type[T]) -> T:
    return msgspec.json.decode(client.get(path).content, type=kind)


def screen(machine: Machine, view: View) -> RenderableType:
    """Render rate and lag, the KPIs of the last hour, and the newest alerts with their evidence."""
    chosen = [value for name in SHOWN_KPIS for value in view.kpis if value.kpi == name]
    head = Text.assemble(("Nabız", "bold"), "   ", summary(view.status))
    if said := restarts(machine.children):
        head.append(f"\n{said}", "yellow")
    places = ("API", machine.api), ("docs", f"{machine.api}/schema"), ("data", machine.folder)
    foot = Text("   ".join(f"{name} {place}" for name, place in places) + "   Ctrl-C stops", "dim")
    return Group(
        head,
        show.panel("The last hour", show.kpi_table(chosen)),
        show.panel("Newest alerts", show.alert_table(view.alerts, with_playbook=False)),
        foot,
    )


def restarts(children: Sequence[Child]) -> str:
    """List processes that halted or were restarted, with their logs."""
    halted = [f"{child.name} HALTED: see {child.log}" for child in children if child.halted]
    again = [
        f"{child.name} restarted {child.deaths}×: see {child.log}"
        for child in children
        if child.deaths
    ]
    return "   ".join(halted + again)


def line(machine: Machine, view: View) -> Text:
    """Render the same on one line."""
    values = {value.kpi: value for value in view.kpis}
    shown = [name for name in LINE_KPIS if name in values]
    text = "   ".join(f"{name} {show.number(values[name])}" for name in shown)
    if view.alerts:
        text += f"   newest alert: {view.alerts[0].title} {show.quote(view.alerts[0])}"
    if said := restarts(machine.children):
        text += f"   {said}"
    return summary(view.status).append("   ").append(show.datum(text))


def summary(status: Status) -> Text:
    """Return events a second, and the lag of the slowest role."""
    rates: dict[str, float] = {}
    for lag in status.partitions:
        rates[lag.role] = rates.get(lag.role, 0.0) + lag.rate
    due = [lag for lag in status.partitions if lag.role not in WITHIN]
    events = max((lag.lag_events for lag in due), default=0)
    seconds = max((lag.lag_seconds or 0.0 for lag in due), default=0.0)
    stored = status.store.rows.get("events", 0)
    return Text(
        f"{rates.get('understand', 0):,.0f} events/s   "
        f"lag {counted(events, 'event')}, {seconds:.1f} s   "
        f"{counted(stored, 'event')} stored"
    )
