"""Runs scenarios, and compares each with an undisturbed run of the same load."""

import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from benchmarks.chaos.content import Content, differences, untruths
from benchmarks.chaos.faults import Dose, small_disk
from benchmarks.chaos.load import Message, make_load
from benchmarks.chaos.outcome import Outcome
from benchmarks.chaos.scenarios import UNDISTURBED, Scenario
from benchmarks.chaos.stories import last_notes, with_stories
from benchmarks.chaos.system import Stuck, System
from benchmarks.chaos.workers import WorkerError
from benchmarks.clickhouse_18.server import ClickHouse, ServerError
from pipeline.broker.errors import BrokerError, BrokerUnavailable
from pipeline.config.groups import ROOT
from pipeline.store import StoreUnavailable

Result = Literal["equal", "FAILED", "skipped"]

FAILURES = (
    *(Stuck, WorkerError, ServerError, BrokerError, BrokerUnavailable, StoreUnavailable),
    subprocess.CalledProcessError,
)
"""Possible failures of a run; any other exception is a bug in the test."""


_ABSOLUTE = re.compile(r"(?<![\w.:/@-])/(?:[\w.+@~-]+/)*(?=[\w.+@~-])")
"""The folders of an absolute path, but not the path of a URL."""


class Row(msgspec.Struct, frozen=True):
    """A row of the table. `problems` are the differences from the undisturbed run.

    They contain no absolute paths, since rows are published.
    """

    scenario: str
    seed: int
    short: bool
    at: datetime
    result: Result
    problems: tuple[str, ...] = ()
    faults: dict[str, int] = {}
    rows: dict[str, int] = {}
    duplicates: int = 0
    deaths: int = 0
    drain_seconds: float = 0.0


def clipped(problem: str, folder: Path) -> str:
    """Return a problem without absolute paths, for publication.

    Paths become relative to the scenario's folder or the checkout; others become the file name.
    """
    for known in (folder, ROOT):
        problem = problem.replace(f"{known}/", "").replace(str(known), ".")
    return _ABSOLUTE.sub("", problem)


class Bench:
    """Runs scenarios in a folder, and caches the content of undisturbed runs."""

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self._folder = folder
        self._say = say
        self._undisturbed: dict[tuple[int, int], Content] = {}

    def run(self, scenario: Scenario, seed: int, *, short: bool) -> Row:
        """Run a scenario and compare. After a failure its folder remains, with all logs."""
        row = Row(scenario.name, seed, short, datetime.now(UTC).replace(microsecond=0), "skipped")
        if lacking := scenario.lacking():
            return msgspec.structs.replace(row, problems=(lacking,))
        dose = scenario.short if short else scenario.full
        try:
            expected = self._expected(seed, dose.events)
            self._say(f"{scenario.name}: {scenario.what}")
            outcome = self._play(scenario, dose, seed)
        except FAILURES as failure:
            problem = clipped(str(failure), self.folder_of(scenario, seed))
            return msgspec.structs.replace(row, result="FAILED", problems=(problem,))
        problems = tuple(differences(outcome.content, expected))
        if not problems:
            shutil.rmtree(self.folder_of(scenario, seed))
        return msgspec.structs.replace(
            row,
            result="FAILED" if problems else "equal",
            problems=problems,
            faults=outcome.faults,
            rows={table: len(rows) for table, rows in outcome.content.items()},
            duplicates=outcome.written_twice,
            deaths=outcome.deaths,
            drain_seconds=outcome.drain_seconds,
        )

    def folder_of(self, scenario: Scenario, seed: int) -> Path:
        """Return the folder of a scenario."""
        return self._folder / f"{scenario.name}-{seed}"

    def _expected(self, seed: int, events: int) -> Content:
        """Return the content after an undisturbed run.

        Raises Stuck if it does not match the published messages.
        """
        if (seed, events) not in self._undisturbed:
            self._say(f"undisturbed run of {events} events")
            scenario = replace(UNDISTURBED, name=f"undisturbed-{events}")
            content = self._play(scenario, Dose(events, 0), seed).content
            if untrue := list(untruths(content, _load(seed, events))):
                raise Stuck(f"the undisturbed run is wrong: {'; '.join(untrue)}")
            shutil.rmtree(self.folder_of(scenario, seed))
            self._undisturbed[seed, events] = content
        return self._undisturbed[seed, events]

    def _play(self, scenario: Scenario, dose: Dose, seed: int) -> Outcome:
        folder = self.folder_of(scenario, seed)
        if folder.exists():
            shutil.rmtree(folder)
        with ExitStack() as stack:
            if scenario.small_disk:
                stack.enter_context(small_disk(folder / scenario.small_disk))
            clickhouse = ClickHouse(folder / "clickhouse")
            stack.callback(clickhouse.stop)
            clickhouse.start()
            load = _load(seed, dose.events)
            system = System(
                folder,
                clickhouse,
                load,
                rate=scenario.rate,
                partitions=scenario.partitions,
                settings=scenario.settings,
            )
            stack.callback(system.close)
            system.start(scenario.workers, load_first=scenario.load_first)
            scenario.inject(system, dose, Random(f"{scenario.name} {seed}"))
            return system.finish(last_notes())


def _load(seed: int, events: int) -> list[Message]:
    return with_stories(make_load(seed, events), seed, events)
