"""The layout of each dashboard, from top to bottom."""

from collections.abc import Callable, Mapping

from grafana.page import Page
from grafana.pages import agents, at_risk, health, hurts, now
from pipeline.common.languages import Language

PAGES: Mapping[str, Callable[[Language], Page]] = {
    "now": now.page,
    "hurts": hurts.page,
    "at-risk": at_risk.page,
    "agents": agents.page,
    "health": health.page,
}
"""Dashboards by file name."""
