"""The benchmark of the dashboards in a small form: it fills a store and times every query."""

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import dashboards as benchmark


def test_every_panel_is_timed_the_slowest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "CUSTOMERS": 300,
        "SPAN": timedelta(days=8),
        "END": benchmark.START + timedelta(days=8),
        "REPEATS": 1,
    }.items():
        monkeypatch.setattr(benchmark, name, value)
    found = benchmark.measure(8_000, tmp_path, lambda _: None)
    panels = found["panels"]
    assert len(panels) == len(list(benchmark.queries()))
    assert panels == sorted(panels, key=lambda panel: -panel.ms)
    assert found["events"] == pytest.approx(8_000, rel=0.3)
    assert found["alerts"]
