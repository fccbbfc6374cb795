"""The dashboard of pipeline health: whether the other dashboards are current and complete."""

from grafana_foundation_sdk.builders import common, stat, timeseries
from grafana_foundation_sdk.models import common as kinds

from grafana import looks
from grafana.looks import NUMBER, TIME, WIDE, Looks
from grafana.page import Page
from grafana.prometheus import SOURCE, queries
from pipeline.common.languages import Language

LETTERS: dict[str, Looks] = {"reason": WIDE, "topic": WIDE, "messages": NUMBER, "newest": TIME}


def page(language: Language) -> Page:
    """Lay out the dashboard; the limits are those of deploy/prometheus/rules.yml."""
    page = Page("health", language, since="now-6h")
    page.row("at_a_glance")
    _figure(page, "broker_up", ("red", 1, "green"))
    _figure(page, "workers_up", ("red", 1, "green"))
    _figure(page, "worst_lag", ("green", 60, "orange", 900, "red"))
    _figure(page, "alert_latency", ("green", 1, "orange", 5, "red"))
    _figure(page, "refused_share", ("green", 0.001, "orange", 0.01, "red"))
    _figure(page, "disk_free", ("red", 0.1, "orange", 0.4, "green"))
    _graph(page, "firing", width=24, height=6)
    page.row("behind")
    for name in ("lag_seconds", "lag_events", "rates", "workers", "event_to_alert", "stages"):
        _graph(page, name)
    page.row("content")
    _graph(page, "dead_letters", stacked=True)
    page.table("waiting_dead_letters", LETTERS, height=8)
    _graph(page, "model_mix", stacked=True)
    _graph(page, "hurried")
    page.row("ends")
    for name in ("store_inserts", "store_trouble", "alerts_sent", "notifications"):
        _graph(page, name)
    return page


def _figure(page: Page, name: str, colours: tuple[str | float, ...]) -> None:
    """Show a current figure, coloured by steps: (colour, start, colour, ...)."""
    panel = (
        stat.Panel()
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("–")
        .thresholds(looks.thresholds(colours))
    )
    page.add(panel, name, 4, 4, *queries(name, now=True), source=SOURCE)


def _graph(
    page: Page, name: str, width: int = 12, height: int = 8, *, stacked: bool = False
) -> None:
    panel = timeseries.Panel().span_nulls(False).fill_opacity(30 if stacked else 0)
    if stacked:
        panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL))
    page.add(panel, name, width, height, *queries(name, now=False), source=SOURCE)
