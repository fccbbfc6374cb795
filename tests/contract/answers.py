"""All that a store answers, to compare two stores by."""

from typing import Any

from pipeline.kpi.definitions import Dimension
from pipeline.store import Backend, Store
from pipeline.store.sql import count_names
from tests.contract.stored import LATER, WINDOW

BY: tuple[Dimension, ...] = ("channel", "touchpoint")
_KEY = ("toUnixTimestamp(minute)", "channel", "touchpoint", "segment", "brand", "source")


def answers(backend: Backend) -> dict[str, Any]:
    """KPI minutes, KPIs of the window with and without slices, each timeline, and the records."""
    store = Store(backend)
    customers = backend.execute("SELECT DISTINCT customer_id FROM events FINAL ORDER BY 1")
    columns = ", ".join((*_KEY, *count_names()))
    minutes = backend.execute(f"SELECT {columns} FROM kpi_minutes FINAL WHERE events > 0")
    return {
        "counts": store.counts(),
        "minutes": sorted(tuple(row) for row in minutes),
        "kpis": [store.kpis(WINDOW, by, LATER) for by in ((), BY)],
        # A row that says that its event has moved may name a customer who has none.
        "timelines": {
            customer: found for (customer,) in customers if (found := store.timeline(customer))
        },
        "alerts": store.alerts(),
        "dead_letters": store.dead_letters(),
    }
