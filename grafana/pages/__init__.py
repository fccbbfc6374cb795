"""What is on each dashboard, from top to bottom."""

from collections.abc import Callable, Mapping

from grafana.page import Page
from grafana.pages import hurts, now
from grafana.texts import Language

PAGES: Mapping[str, Callable[[Language], Page]] = {
    "now": now.page,
    "hurts": hurts.page,
}
"""The dashboards by the name of their file."""
