"""Measures a running subject: rate, CPU time per event, memory."""

import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple, Self

import msgspec
import psutil

from benchmarks.machine import Machine, Subject
from pipeline.contracts.topology import (
    ACTIONS,
    ALERTS,
    CASES,
    DEAD_LETTERS,
    FOLLOW_UPS,
    INPUTS,
    URGENT,
)

RARE = (ALERTS, ACTIONS, FOLLOW_UPS, CASES, DEAD_LETTERS, URGENT)
POLL = 0.05
COMMITS = 4
"""Fewest commits per run; stock Faust commits every 2.8 s."""
START_SECONDS = 60.0
IDLE_SECONDS = 20.0
"""Seconds without a commit after which a subject counts as broken."""


class Sample(NamedTuple):
    """The state at a moment, in seconds and bytes."""

    at: float
    committed: int
    cpu: float
    broker_cpu: float
    clickhouse_cpu: float
    rss: int


class Figures(msgspec.Struct, frozen=True):
    """A run: events per second, CPU microseconds per event, and peak memory."""

    rate: float
    cpu_us: float
    broker_us: float
    clickhouse_us: float
    rss_mb: float
    events: int


@dataclass
class Crew:
    """Subjects that work together as processes, on one set of data folders."""

    machine: Machine
    subjects: Sequence[Subject]
    environment: Mapping[str, str]
    processes: dict[str, psutil.Process] = field(default_factory=dict)
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        tag = uuid.uuid4().hex[:8]
        self.folder = self.machine.folder / f"data-{tag}"
        self._groups = {one.name: one.group or f"bench-{one.role}-{tag}" for one in self.subjects}
        self.readers = {
            self._groups[one.name]: [t for t in INPUTS[one.role] if t not in RARE]
            for one in self.subjects
        }
        """Topics by consumer group, without those with few messages."""
        if any(one.needs_store for one in self.subjects):
            self.environment = {"NABIZ_STORE_URL": self.machine.fresh_store(), **self.environment}

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Run all subjects until the block ends, then remove their traces from the broker."""
        with ExitStack() as stack:
            for subject in self.subjects:
                stack.enter_context(self.starting(subject))
            yield self
        self.forget()

    @contextmanager
    def starting(self, subject: Subject) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a subject on its folder until the block ends."""
        data = self.folder / subject.name.replace(" ", "-")
        data.mkdir(parents=True, exist_ok=True)
        own = {"NABIZ_DATA": str(data), "BENCH_GROUP": self._groups[subject.name]}
        with self.machine.running(subject, {**own, **self.environment}) as process:
            self.processes[subject.name] = psutil.Process(process.pid)
            yield process

    def forget(self) -> None:
        """Delete offsets and states, so that the next crew starts afresh."""
        self.machine.forget_groups(*{one.group for one in self.subjects} - {""})
        self.machine.forget_states()

    def sample(self) -> Sample:
        """Take a sample."""
        return Sample(
            time.monotonic(),
            min(self.machine.committed(group, topics) for group, topics in self.readers.items()),
            sum(map(cpu_of, self.processes.values())),
            cpu_of(self.machine.broker),
            cpu_of(self.machine.clickhouse),
            sum(one.memory_info().rss for one in self.processes.values()),
        )


def measure(crew: Crew, seconds: float) -> Figures:
    """Run a crew on filled topics, for `seconds` from its first commit.

    Raises RuntimeError if it makes no progress.
    """
    total = crew.machine.ends(INPUTS[crew.subjects[0].role])
    with crew.running():
        return steady(watch(crew, total, seconds))


def watch(crew: Crew, total: int, seconds: float) -> list[Sample]:
    """Sample until all is committed, or for `seconds` and some commits after the first.

    Raises RuntimeError if nothing is committed for `IDLE_SECONDS`.
    """
    samples = [crew.sample()]
    changes: list[float] = []
    while samples[-1].committed < total:
        if len(changes) >= COMMITS and samples[-1].at - changes[0] > seconds:
            break
        time.sleep(POLL)
        samples.append(crew.sample())
        if samples[-1].committed != samples[-2].committed:
            changes.append(samples[-1].at)
        patience = IDLE_SECONDS if changes else START_SECONDS
        if samples[-1].at - (changes or [samples[0].at])[-1] > patience:
            raise RuntimeError(f"{', '.join(crew.processes)}: no commit for {patience:.0f} s")
    return samples


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a process, in user and kernel mode."""
    times = process.cpu_times()
    return float(times.user + times.system)


def steady(samples: list[Sample]) -> Figures:
    """Return the figures between the first and the last commit, without start and idle end."""
    steps = [after for before, after in pairwise(samples) if after.committed != before.committed]
    if len(steps) < COMMITS - 1:
        raise RuntimeError(f"only {len(steps)} commits: fill in more messages")
    # The last commit may have waited for its timer without work.
    begin, end = steps[0], steps[-2]
    events = end.committed - begin.committed

    def per_event(cpu: float) -> float:
        return cpu / events * 1e6

    return Figures(
        rate=events / (end.at - begin.at),
        cpu_us=per_event(end.cpu - begin.cpu),
        broker_us=per_event(end.broker_cpu - begin.broker_cpu),
        clickhouse_us=per_event(end.clickhouse_cpu - begin.clickhouse_cpu),
        rss_mb=max(one.rss for one in samples) / 2**20,
        events=events,
    )


class Spread(msgspec.Struct, frozen=True):
    """A figure over several runs."""

    median: float
    low: float
    high: float


def spread(values: list[float]) -> Spread:
    """Summarize one or more values."""
    return Spread(median(values), min(values), max(values))
