"""The page of the KPIs."""

from datetime import datetime, timedelta
from typing import Any

from litestar.testing import TestClient

from pipeline.board.charts.multiples import SHOWN
from pipeline.kpi.definitions import Facts, KpiValue, Window, kpi_values
from pipeline.store import StoreUnavailable
from tests.support.simulated_company import Company, app_of
from tests.support.stand_in_api import FakeStore
from tests.unit.board.pages import Clock, page


class Kpis(FakeStore):
    """Has KPIs of every window, or is away."""

    def kpis(self, window: Window, by: Any, as_of: datetime) -> list[KpiValue]:
        if self.fault:
            raise self.fault
        self.asked.setdefault("windows", []).append(window)
        counts = {"csat_answers": 100, "csat_satisfied": 80}
        return kpi_values(Facts(counts=counts), {}, window, as_of)


def test_pulse_shows_the_kpis_of_the_range_in_the_address(company: Company, clock: Clock) -> None:
    store = Kpis()
    with TestClient(app_of(company, store=store)) as client:
        client.headers["accept-language"] = "en"
        text = page(client, "/board/pulse?range=7d")
        assert 'aria-current="page">7 days' in text
        assert "80.0%" in text
        assert "Not enough data" in text
        assert text.count("(so far)") == text.count("<table>") == len(SHOWN)
        asked = store.asked["windows"]
        assert len(asked) == len({(one.start, one.end) for one in asked}) == 16
        page(client, "/board/pulse?range=7d")
        assert len(asked) == 18, "what has ended is remembered"
        clock.now += timedelta(minutes=2)
        page(client, "/board/pulse?range=7d")
        assert len(asked) == 34, "for a while"
        assert 'aria-current="page">24 hours' in page(client, "/board/pulse?range=x")
        store.fault = StoreUnavailable("the disk is gone")
        assert "the disk is gone" in page(client, "/board/pulse?range=6h", 503)
