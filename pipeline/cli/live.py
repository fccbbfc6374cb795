"""What `nabiz up` shows while it runs: a screen on a terminal, lines elsewhere."""

import time
from collections.abc import Callable

import httpx
import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from pipeline.alert import Alert
from pipeline.api.views import Status
from pipeline.cli import show
from pipeline.cli.machine import Machine
from pipeline.kpi import KpiValue

REFRESH = 1.0
LINES_EVERY = 5.0
"""Seconds between lines where there is no terminal."""
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
    "first_response_median",
    "first_contact_resolution",
)


class View(msgspec.Struct, frozen=True):
    """What the API said last."""

    status: Status
    kpis: list[KpiValue]
    alerts: list[Alert]


def watch(machine: Machine, console: Console) -> None:
    """Show the machine until interrupted, and keep it running."""
    with httpx.Client(base_url=machine.api, timeout=5) as client:
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
                machine, client, LINES_EVERY, lambda view: console.print(line(view), soft_wrap=True)
            )


def _loop(
    machine: Machine, client: httpx.Client, every: float, display: Callable[[View], None]
) -> None:
    while True:
        begun = time.monotonic()
        machine.tick()
        if view := _ask(client):
            display(view)
        time.sleep(max(0.0, begun + every - time.monotonic()))


def _ask(client: httpx.Client) -> View | None:
    try:
        return View(
            msgspec.json.decode(client.get("/v1/status").content, type=Status),
            msgspec.json.decode(client.get("/v1/kpis").content, type=list[KpiValue]),
            msgspec.json.decode(client.get("/v1/alerts?limit=6").content, type=list[Alert]),
        )
    except (httpx.HTTPError, msgspec.DecodeError):
        return None  # the role that serves the API is being started again


def screen(machine: Machine, view: View) -> RenderableType:
    """Rate and lag, the KPIs of the last hour, the newest alerts with their proof."""
    chosen = [value for name in SHOWN_KPIS for value in view.kpis if value.kpi == name]
    restarts = sum(child.deaths for child in machine.children)
    head = Text.assemble(("Nabız", "bold"), "   ", summary(view.status))
    if restarts:
        head.append(f"   restarted {restarts}×", "yellow")
    places = ("API", machine.api), ("docs", f"{machine.api}/schema"), ("data", machine.folder)
    foot = Text("   ".join(f"{name} {place}" for name, place in places) + "   Ctrl-C stops", "dim")
    return Group(
        head,
        show.panel("The last hour", show.kpi_table(chosen)),
        show.panel("Newest alerts", show.alert_table(view.alerts, with_playbook=False)),
        foot,
    )


def line(view: View) -> Text:
    """The same in one line."""
    values = {value.kpi: value for value in view.kpis}
    shown = [name for name in ("nps", "csat", "net_sentiment") if name in values]
    text = "   ".join(f"{name} {show.number(values[name])}" for name in shown)
    if view.alerts:
        text += f"   newest alert: {view.alerts[0].title} {show.quote(view.alerts[0])}"
    return summary(view.status).append("   ").append(show.datum(text))


def summary(status: Status) -> Text:
    """Events a second and the lag of the slowest role."""
    rates: dict[str, float] = {}
    for one in status.partitions:
        rates[one.role] = rates.get(one.role, 0.0) + one.rate
    events = max((one.lag_events for one in status.partitions), default=0)
    seconds = max((one.lag_seconds or 0.0 for one in status.partitions), default=0.0)
    stored = status.store.rows.get("events", 0)
    return Text(
        f"{rates.get('understand', 0):,.0f} events/s   lag {events:,} events, {seconds:.1f} s   "
        f"{stored:,} events stored"
    )
