"""What `nabiz up` shows while it runs: a screen on a terminal, lines elsewhere."""

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
from pipeline.kpi.definitions import KpiValue
from pipeline.model.alert import Alert
from pipeline.service.views import Status

T = TypeVar("T")

REFRESH = 1.0
QUIET = 3
"""While nothing is read and nothing was stored, it is looked at so many times more seldom."""
LINES_EVERY = 5.0
"""Seconds between lines where there is no terminal."""
KPIS_EVERY, QUIET_KPIS_EVERY = 10.0, 30.0
"""Seconds between questions for the KPIs: the store is locked while it answers.

Where nothing was stored since, they change only by what is no longer of the last hour.
"""
NEWEST = 6
SHOWN_KPIS = (
    "nps",
    "csat",
    "ces",
    "net_sentiment",
    "events",
    "complaints",
    "active_customers",
    "negative_customers",
    "complaint_rate",
    "self_service_rate",
)
"""Not the times of tickets: the sample goes through them faster than people do."""


class View(msgspec.Struct, frozen=True):
    """What the API said last; the KPIs at `kpis_at`, by the monotonic clock."""

    status: Status
    kpis: list[KpiValue]
    alerts: list[Alert]
    kpis_at: float


def watch(machine: Machine, console: Console) -> None:
    """Show the machine until interrupted, and keep it running."""
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
    """Whether nothing happens."""
    reads = any(one.lag_events or one.rate for one in now.status.partitions)
    return not reads and before.status.store.rows == now.status.store.rows


def ask(client: httpx.Client, before: View | None, now: float) -> View | None:
    """Ask the API, for the KPIs only when those of `before` are old; None if it is away."""
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
    """Rate and lag, the KPIs of the last hour, the newest alerts with their proof."""
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
    """Which processes halted or were started again how often, and where each says why."""
    halted = [f"{one.name} HALTED: see {one.log}" for one in children if one.halted]
    again = [f"{one.name} restarted {one.deaths}×: see {one.log}" for one in children if one.deaths]
    return "   ".join(halted + again)


def line(machine: Machine, view: View) -> Text:
    """The same in one line."""
    values = {value.kpi: value for value in view.kpis}
    shown = [name for name in ("nps", "csat", "net_sentiment") if name in values]
    text = "   ".join(f"{name} {show.number(values[name])}" for name in shown)
    if view.alerts:
        text += f"   newest alert: {view.alerts[0].title} {show.quote(view.alerts[0])}"
    if said := restarts(machine.children):
        text += f"   {said}"
    return summary(view.status).append("   ").append(show.datum(text))


def summary(status: Status) -> Text:
    """Events a second and the lag of the slowest role."""
    rates: dict[str, float] = {}
    for one in status.partitions:
        rates[one.role] = rates.get(one.role, 0.0) + one.rate
    due = [one for one in status.partitions if one.role not in WITHIN]
    events = max((one.lag_events for one in due), default=0)
    seconds = max((one.lag_seconds or 0.0 for one in due), default=0.0)
    stored = status.store.rows.get("events", 0)
    return Text(
        f"{rates.get('understand', 0):,.0f} events/s   "
        f"lag {counted(events, 'event')}, {seconds:.1f} s   "
        f"{counted(stored, 'event')} stored"
    )
