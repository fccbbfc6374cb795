"""All that a store answers, to compare two stores by."""

from typing import Any

from pipeline.kpi.definitions import Dimension
from pipeline.store import Backend, Store
from pipeline.store.sql import count_names
from pipeline.store.supported import unsupported
from tests.contract.stored import LATER, WINDOW

BY: tuple[Dimension, ...] = ("channel", "touchpoint")
_KEY = ("toUnixTimestamp(minute)", "channel", "touchpoint", "segment", "brand", "source")


def answers(backend: Backend) -> dict[str, Any]:
    """KPI minutes, each timeline, and the records; of a supported engine the KPIs of the window."""
    store = Store(backend)
    customers = backend.execute("SELECT DISTINCT customer_id FROM events FINAL ORDER BY 1")
    columns = ", ".join((*_KEY, *count_names()))
    minutes = backend.execute(f"SELECT {columns} FROM kpi_minutes FINAL WHERE events > 0")
    found = {
        "counts": store.counts(),
        "minutes": sorted(tuple(row) for row in minutes),
        # A row that says that its event has moved may name a customer who has none.
        "timelines": {
            customer: found for (customer,) in customers if (found := store.timeline(customer))
        },
        "alerts": store.alerts(),
        "dead_letters": store.dead_letters(),
    }
    if not unsupported(store.ping()):
        found["kpis"] = [store.kpis(WINDOW, by, LATER) for by in ((), BY)]
    return found
