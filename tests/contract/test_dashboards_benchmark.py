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
    said: list[str] = []
    panels = benchmark.measure(8_000, tmp_path, said.append)
    assert len(panels) == len(list(benchmark.queries()))
    assert panels == sorted(panels, key=lambda panel: -panel.ms)
    (stored,) = (line for line in said if line.startswith("stored: "))
    events = int(stored.partition(" dead_letters, ")[2].split()[0].replace(",", ""))
    assert events == pytest.approx(8_000, rel=0.3)
    assert "first response" in benchmark.as_table(panels).lower()
