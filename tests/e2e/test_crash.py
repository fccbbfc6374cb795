"""Nabız under load while processes and servers fail: as if nothing had been."""

from pathlib import Path

import pytest

from benchmarks.chaos.run import Bench
from benchmarks.chaos.scenarios import SCENARIOS, SHORT
from tests.support.servers import installed_clickhouse

SEED = 17


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder: Path = tmp_path_factory.mktemp("chaos")
    installed_clickhouse(folder)
    return Bench(folder)


@pytest.mark.parametrize("name", SHORT)
def test_what_is_stored_equals_an_undisturbed_run(name: str, bench: Bench) -> None:
    row = bench.run(SCENARIOS[name], SEED, short=True)
    assert row.result == "equal", row.problems
    assert sum(row.faults.values()) == SCENARIOS[name].short.times
