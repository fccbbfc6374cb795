"""Compares roles with stock Faust and with peers doing the same job, in interleaved rounds."""

from collections.abc import Callable, Iterable

import msgspec

from benchmarks.machine import Machine, Subject
from benchmarks.measure import Crew, Figures, Spread, measure, spread
from benchmarks.messages import dated, events, fill, raw_templates, scored_templates
from pipeline.contracts.topology import OF_EVENTS, group_of

SUBJECTS = "benchmarks.subjects"


def stock(name: str, role: str, mode: str) -> Subject:
    """Return stock Faust on the topics of a role."""
    return Subject(name, role, (f"{SUBJECTS}.stock_faust", mode, role))


def noop(role: str) -> Subject:
    """Return our transport without work."""
    return Subject("Nabız no-op", role, (f"{SUBJECTS}.nabiz_noop", role), group_of(role))


def ours(role: str) -> Subject:
    """Return a role of Nabız."""
    command = ("pipeline.cli", "worker", role)
    return Subject(f"Nabız {role}", role, command, group_of(role), role == "record")


def quix(role: str, variant: str = "") -> Subject:
    """Return the job of a role in Quix Streams."""
    name = f"Quix Streams {role}{variant.replace('-', ', ')}"
    return Subject(name, role, (f"{SUBJECTS}.quix", role + variant), "", role == "record")


def plain(role: str) -> Subject:
    """Return the job of a role in kafka-python."""
    return Subject(f"kafka-python {role}", role, (f"{SUBJECTS}.plain", role), "", role == "record")


ROLES = ("understand", "detect", "record")


def alone(*subjects: Subject) -> dict[str, tuple[Subject, ...]]:
    """Return a crew of its own for each subject."""
    return {subject.name: (subject,) for subject in subjects}


GROUPS: dict[str, dict[str, tuple[Subject, ...]]] = {
    "no-op": alone(stock("Faust no-op", "understand", "noop"), noop("understand")),
    "understand": alone(
        stock("Faust forwards", "understand", "forward"),
        ours("understand"),
        quix("understand"),
        quix("understand", "-singly"),
        plain("understand"),
    ),
    "detect": alone(
        stock("Faust table write", "detect", "table"),
        ours("detect"),
        quix("detect"),
        plain("detect"),
    ),
    "record": alone(noop("record"), ours("record"), quix("record"), plain("record")),
    "whole": {
        "kafka-python": tuple(map(plain, ROLES)),
        "Quix Streams": tuple(map(quix, ROLES)),
        "Nabız": tuple(map(ours, OF_EVENTS)),
    },
}
"""Groups of crews compared on the same messages; the first of a group is its baseline.

For the whole chain, each role is a process, in peers as in Nabız; only Nabız has `triage`.
"""
MESSAGES = {
    "no-op": 1_000_000,
    "understand": 400_000,
    "detect": 150_000,
    "record": 1_000_000,
    "whole": 100_000,
}
"""Messages per group, enough for some commits of its fastest crew."""
TO_THE_END = float("inf")
"""Duration for whole chains, whose roles progress unevenly, so that a part says little."""


class Compared(msgspec.Struct, frozen=True):
    """A subject over all rounds; ratios are to the baseline in the same round.

    `ratio` compares rates (higher is better), `cpu_ratio` CPU time per event (lower is better).
    """

    subject: str
    ratio: Spread
    rate: Spread
    cpu_ratio: Spread
    cpu_us: Spread
    broker_us: float
    clickhouse_us: float
    rss_mb: float


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Measure every group in rounds, each of which runs its crews in turn."""
    rounds, seconds = (1, 3.0) if quick else (3, 5.0)
    happened = events(60_000)
    templates = {"understand": raw_templates(happened)}
    templates["detect"] = templates["record"] = scored_templates(happened)
    results: dict[str, object] = {}
    for group, crews in GROUPS.items():
        runs: dict[str, list[Figures]] = {name: [] for name in crews}
        for number in range(rounds):
            for name, subjects in crews.items():
                progress(f"{group}: {name}, round {number + 1} of {rounds}")
                # Otherwise the next crew would read the output of this one.
                if len(subjects) > 1 or not any(runs.values()):
                    machine.fresh_topics()
                    role = templates[subjects[0].role]
                    fill(machine.bootstrap, dated(role, MESSAGES[group], group))
                lasts = seconds if len(subjects) == 1 else TO_THE_END
                runs[name].append(measure(Crew(machine, subjects, {}), lasts))
        results[group] = list(compared(runs))
    return results


def compared(runs: dict[str, list[Figures]]) -> Iterable[Compared]:
    """Summarize the runs of each subject; the first is the baseline."""
    baseline = next(iter(runs.values()))
    for name, figures in runs.items():
        pairs = list(zip(figures, baseline, strict=True))
        yield Compared(
            name,
            spread([mine.rate / base.rate for mine, base in pairs]),
            spread([one.rate for one in figures]),
            spread([mine.cpu_us / base.cpu_us for mine, base in pairs]),
            spread([one.cpu_us for one in figures]),
            spread([one.broker_us for one in figures]).median,
            spread([one.clickhouse_us for one in figures]).median,
            max(one.rss_mb for one in figures),
        )
