"""The scenarios: a fault, its dose, the load and the number of workers."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos import deadlines, faults, losses
from benchmarks.chaos.faults import Dose, Inject

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@dataclass(frozen=True)
class Scenario:
    """A way to break the system; `inject` is called once workers and load have started."""

    name: str
    what: str
    inject: Inject
    full: Dose
    short: Dose
    rate: float = 150.0
    """Published messages per second."""
    workers: int = 1
    """Initial workers per role."""
    partitions: int = 4
    settings: Mapping[str, str] = field(default_factory=dict)
    load_first: bool = False
    """Whether the load starts before the workers."""
    small_disk: str = ""
    """Folder on a small disk that is to become full."""
    lacking: Callable[[], str] = lambda: ""
    """Returns what this machine lacks for it, or ""."""


def _lacks_root() -> str:
    return "" if os.geteuid() == 0 else "needs root, to mount a small disk"


def _lacks_faketime() -> str:
    return "" if FAKETIME.exists() else "needs libfaketime (on Debian: apt-get install libfaketime)"


UNDISTURBED = Scenario(
    "undisturbed",
    "nothing goes wrong",
    lambda *_: None,
    Dose(0, 0),
    Dose(0, 0),
    rate=2_000,
    load_first=True,
)

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "kills",
            "`kill -9` of any role at any moment",
            faults.kills,
            Dose(9_000, 50),
            Dose(1_200, 5),
            rate=100,
        ),
        Scenario(
            "silence",
            "nothing comes, promises and deadlines become due by the clock alone, and `detect` and "
            "`follow_up` are killed and away meanwhile; then what comes late comes",
            deadlines.silence,
            Dose(6_000, 12, away=3),
            Dose(1_200, 4, away=2),
            rate=400,
        ),
        Scenario(
            "zombie",
            "a worker stands still until others have taken over and worked, then goes on",
            faults.zombie,
            Dose(9_000, 8),
            Dose(1_200, 1),
            workers=2,
        ),
        Scenario(
            "joins",
            "the workers start one after the other on topics that nobody has read yet",
            faults.joins,
            Dose(2_000, 3),
            Dose(1_200, 3),
        ),
        Scenario(
            "workers",
            "one to four workers a role start, stop and are killed: rebalances",
            faults.workers,
            Dose(6_000, 24),
            Dose(1_200, 4),
            workers=2,
        ),
        Scenario(
            "broker-restart",
            "Kafka is stopped and started",
            faults.broker_restart,
            Dose(6_000, 3, away=5),
            Dose(1_200, 1),
        ),
        Scenario(
            "broker-kill",
            "`kill -9` of Kafka",
            faults.broker_kill,
            Dose(6_000, 5, away=2),
            Dose(1_200, 1),
        ),
        Scenario(
            "broker-disk-full",
            "Kafka's disk is full, then has room again",
            faults.broker_disk_full,
            Dose(6_000, 2, away=5),
            Dose(1_200, 1),
            small_disk="kafka/log",
            lacking=_lacks_root,
        ),
        Scenario(
            "store-kill",
            "`kill -9` of ClickHouse in the middle of an insert, the last time for a minute",
            faults.store_kill,
            Dose(6_000, 6, away=60),
            Dose(1_200, 2, away=5),
        ),
        Scenario(
            "store-outage",
            "ClickHouse is stopped for longer than `record` waits for it",
            faults.store_outage,
            Dose(6_000, 2, away=25),
            Dose(1_200, 1, away=7),
        ),
        Scenario(
            "store-slow",
            "ClickHouse stands still again and again",
            faults.store_slow,
            Dose(6_000, 30, away=3),
            Dose(1_200, 5, away=2),
        ),
        Scenario(
            "clock-jump",
            "the clocks of workers jump by up to two hours",
            faults.clock_jump,
            Dose(6_000, 30),
            Dose(1_200, 5),
            workers=2,
            settings={
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_CACHE_DURATION": "1",
            },
            lacking=_lacks_faketime,
        ),
        Scenario(
            "burst",
            "ten times the load for a while, and each role is killed meanwhile",
            faults.burst,
            Dose(12_000, 5),
            Dose(4_000, 1),
        ),
        Scenario(
            "many-partitions",
            "topics of 12 partitions for two workers a role, which are killed",
            faults.kills,
            Dose(6_000, 6),
            Dose(1_200, 2),
            workers=2,
            partitions=12,
        ),
        Scenario(
            "lost-state",
            "`detect` and `follow_up` lose local states, at last those of all their workers",
            faults.lost_state,
            Dose(6_000, 4),
            Dose(1_200, 2),
            workers=2,
        ),
        Scenario(
            "records-expired",
            "messages expire before they are read",
            losses.records_expired,
            Dose(6_000, 4),
            Dose(1_200, 1),
        ),
        Scenario(
            "topic-recreated",
            "a topic is deleted and made anew under those who read it",
            losses.topic_recreated,
            Dose(6_000, 4),
            Dose(1_200, 1),
        ),
        Scenario(
            "partitions-added",
            "the topics of the sources are given partitions",
            losses.partitions_added,
            Dose(6_000, 2),
            Dose(1_200, 1),
        ),
        Scenario(
            "absurd-stamps",
            "producers stamp their records with times that no calendar has",
            losses.odd_stamps,
            Dose(6_000, 6),
            Dose(1_200, 2),
        ),
        Scenario(
            "aborted-transactions",
            "producers take back what they have sent",
            losses.taken_back,
            Dose(6_000, 6),
            Dose(1_200, 2),
        ),
        Scenario(
            "damaged-state",
            "half of the local files of `detect` or `follow_up` become noise",
            losses.damaged_state,
            Dose(6_000, 6),
            Dose(1_200, 2),
            workers=2,
        ),
        Scenario(
            "changelog-gone",
            "the changelog of `detect` is deleted under it: it halts, and is started anew",
            losses.changelog_gone,
            Dose(6_000, 1),
            Dose(1_200, 1),
        ),
        Scenario(
            "full-in-recovery",
            "`detect` recovers on a disk that is full, and has room again later",
            losses.full_in_recovery,
            Dose(6_000, 3),
            Dose(1_200, 1),
            small_disk="state",
            lacking=_lacks_root,
        ),
        Scenario(
            "stop-without-broker",
            "all are told to stop while Kafka is gone",
            losses.stop_without_broker,
            Dose(6_000, 3),
            Dose(1_200, 1),
        ),
    )
}
SHORT = ("kills", "zombie", "broker-restart", "store-outage")
"""Scenarios that run with the other tests."""
