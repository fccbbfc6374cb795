"""What can go wrong: each scenario breaks a running system in its own way, led by its seed."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeAlias

from clickhouse_driver import Client

from chaos.system import System
from pipeline.settings import STREAM_ROLES

SMALL_DISK = 64
"""Mebibytes of the broker's disk where it is to become full."""
ALMOST_FULL = 16_384
"""Bytes that are left on it, for the broker to fill."""
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@dataclass(frozen=True)
class Dose:
    """How much of it: different events in the load, how often the fault, seconds of an outage."""

    events: int
    times: int
    away: float = 0.0


Inject: TypeAlias = Callable[[System, Dose, Random], None]


@dataclass(frozen=True)
class Scenario:
    """A way to break the system; `inject` is called when workers and load have started."""

    name: str
    what: str
    inject: Inject
    full: Dose
    short: Dose
    rate: float = 150.0
    """Messages published a second."""
    workers: int = 1
    """Workers of each role at the start."""
    partitions: int = 4
    settings: Mapping[str, str] = field(default_factory=dict)
    on_small_disk: bool = False
    lacking: Callable[[], str] = lambda: ""
    """Says what this machine lacks for it; "" where nothing."""


def moments(rng: Random, times: int, last: float = 0.9) -> list[float]:
    """Return shares of the load, in order, one in each of `times` equal parts."""
    return [last * (number + rng.random()) / times for number in range(times)]


def kills(system: System, dose: Dose, rng: Random) -> None:
    """Kill -9 of any role; it is started again at once."""
    for share in moments(rng, dose.times):
        role = rng.choice(STREAM_ROLES)
        system.reached(role, share)
        system.wait(rng.uniform(0, 0.3))
        worker = rng.choice(system.workers.of(role))
        system.workers.kill(worker)
        system.workers.start(worker)
        system.fault(f"kill -9 {role}")


def zombie(system: System, dose: Dose, rng: Random) -> None:
    """Stop a worker until another has its partitions and has worked on them; let it go on then."""
    for number, share in enumerate(moments(rng, dose.times, last=0.8)):
        role = ("detect", *STREAM_ROLES)[number % 4]
        victim = rng.choice(system.workers.of(role))
        system.reached(role, share)
        system.wait(rng.uniform(0, 0.1))
        system.workers.pause(victim)
        system.until(f"{victim} is out", lambda v=victim, r=role: v not in system.owners(r))  # type: ignore[misc]
        before = system.committed(role)
        system.until(
            "another has worked on its partitions",
            lambda r=role, b=before: system.committed(r) > b,  # type: ignore[misc]
        )
        system.workers.resume(victim)
        system.fault(f"zombie {role}")


def workers(system: System, dose: Dose, rng: Random) -> None:
    """Start, stop and kill workers: each time the others share its partitions."""
    for share in moments(rng, dose.times):
        role = rng.choice(STREAM_ROLES)
        system.reached(role, share)
        running = system.workers.of(role)
        action = rng.choice(("start", "start", "stop", "kill"))
        if action == "start" and len(running) < 4:
            free = next(f"{role}-{n}" for n in range(4) if f"{role}-{n}" not in running)
            system.workers.start(free)
        elif action == "stop" and len(running) > 1:
            system.workers.stop(rng.choice(running))
        else:
            action, victim = "kill", rng.choice(running)
            system.workers.kill(victim)
            if len(running) < 3:
                system.workers.start(victim)
        system.fault(f"{action} worker")


def broker_restart(system: System, dose: Dose, rng: Random) -> None:
    """Stop the broker in order and start it again."""
    for share in moments(rng, dose.times):
        system.reached(rng.choice(STREAM_ROLES), share)
        system.broker.stop()
        system.fault("broker stopped")
        system.wait(dose.away)
        system.start_broker()


def broker_kill(system: System, dose: Dose, rng: Random) -> None:
    """Kill -9 of the broker; it is started again."""
    for share in moments(rng, dose.times):
        system.reached(rng.choice(STREAM_ROLES), share)
        system.wait(rng.uniform(0, 0.3))
        system.kill_broker()
        system.fault("broker killed")
        system.wait(dose.away)
        system.start_broker()


def broker_disk_full(system: System, dose: Dose, rng: Random) -> None:
    """Fill the broker's disk until it can write nothing more; later make room again."""
    disk = system.folder / "kafka" / "log"
    ballast = disk / "ballast"
    for share in moments(rng, dose.times, last=0.7):
        system.reached(rng.choice(STREAM_ROLES), share)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, _free(disk) - ALMOST_FULL))
        system.until(
            "the broker has no room",
            lambda: system.broker.process.poll() is not None or not _free(disk),
        )
        system.fault("broker's disk full")
        system.wait(dose.away)
        ballast.unlink()
        system.kill_broker()
        system.start_broker()


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of SMALL_DISK in memory at `folder`; for root."""
    folder.mkdir(parents=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}m", "tmpfs", str(folder)], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def store_kill(system: System, dose: Dose, rng: Random) -> None:
    """Kill -9 of the store in the middle of an insert; the last time it stays away for long."""
    *others, last = moments(rng, dose.times)
    for share in (*others, last):
        system.reached("record", share)
        _await_insert(system)
        system.clickhouse.kill()
        system.fault("store killed in an insert")
        if share == last:
            system.wait(dose.away)
        system.clickhouse.start()


def _await_insert(system: System) -> None:
    with Client(system.clickhouse.host, system.clickhouse.port) as client:
        running = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT%'"
        deadline = time.monotonic() + 30
        while not client.execute(running)[0][0] and time.monotonic() < deadline:
            pass  # an insert takes milliseconds


def store_outage(system: System, dose: Dose, rng: Random) -> None:
    """Stop the store for longer than `record` waits, so that it ends and starts without it."""
    for share in moments(rng, dose.times):
        system.reached("record", share)
        system.clickhouse.stop()
        system.fault("store stopped")
        system.wait(dose.away)
        system.clickhouse.start()


def store_slow(system: System, dose: Dose, rng: Random) -> None:
    """Let the store stand still most of the time, in slices of up to a few seconds."""
    for share in moments(rng, dose.times):
        system.reached("record", share)
        system.clickhouse.pause()
        system.fault("store stands still")
        system.wait(rng.uniform(0.5, dose.away))
        system.clickhouse.resume()


def clock_jump(system: System, dose: Dose, rng: Random) -> None:
    """Move the wall clock of one worker after the other; some are started again then."""
    for share in moments(rng, dose.times):
        role = rng.choice(STREAM_ROLES)
        system.reached(role, share)
        worker = rng.choice(system.workers.of(role))
        system.workers.set_clock(worker, rng.choice((-7200, -600, -30, 30, 600, 3000)))
        system.fault("clock moved")
        if rng.random() < 0.3:
            # Another worker, with another clock, gets its partitions.
            system.workers.stop(worker)
            system.workers.start(worker)
            system.fault("stop and start")


def burst(system: System, dose: Dose, rng: Random) -> None:
    """Publish ten times as much for a while; kill each role once meanwhile."""
    usual = system.feeder.rate
    system.reached("understand", 0.2)
    system.feeder.rate = 10 * usual
    system.fault("ten times the load")
    for role in rng.sample(STREAM_ROLES, dose.times):
        system.wait(rng.uniform(0, 1))
        [worker] = system.workers.of(role)
        system.workers.kill(worker)
        system.workers.start(worker)
        system.fault(f"kill -9 {role}")
    system.until("most is published", lambda: system.feeder.share > 0.8)
    system.feeder.rate = usual


def lost_state(system: System, dose: Dose, rng: Random) -> None:
    """Restart `detect` without its local states; the last time all workers lose all of theirs."""
    *others, last = moments(rng, dose.times)
    for share in others:
        system.reached("detect", share)
        worker = rng.choice(system.workers.of("detect"))
        system.workers.kill(worker)
        system.workers.lose_state(worker)
        system.workers.start(worker)
        system.fault("local states of a worker lost")
    system.reached("detect", last)
    every = system.workers.of("detect")
    for worker in every:
        system.workers.kill(worker)
    for worker in every:
        system.workers.lose_state(worker)
        system.workers.start(worker)
    system.fault("all local states lost")


def _lacks_root() -> str:
    return "" if os.geteuid() == 0 else "needs root, to mount a small disk"


def _lacks_faketime() -> str:
    return "" if FAKETIME.exists() else "needs libfaketime (on Debian: apt-get install libfaketime)"


UNDISTURBED = Scenario(
    "undisturbed", "nothing goes wrong", lambda *_: None, Dose(0, 0), Dose(0, 0), rate=2_000
)

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "kills",
            "`kill -9` of any role at any moment",
            kills,
            Dose(9_000, 50),
            Dose(2_000, 5),
            rate=100,
        ),
        Scenario(
            "zombie",
            "a worker stands still until others have taken over and worked, then goes on",
            zombie,
            Dose(9_000, 8),
            Dose(2_000, 1),
            workers=2,
        ),
        Scenario(
            "workers",
            "one to four workers a role start, stop and are killed: rebalances",
            workers,
            Dose(6_000, 24),
            Dose(2_000, 4),
            workers=2,
        ),
        Scenario(
            "broker-restart",
            "Kafka is stopped and started",
            broker_restart,
            Dose(6_000, 3, away=5),
            Dose(2_000, 1),
        ),
        Scenario(
            "broker-kill",
            "`kill -9` of Kafka",
            broker_kill,
            Dose(6_000, 5, away=2),
            Dose(2_000, 1),
        ),
        Scenario(
            "broker-disk-full",
            "Kafka's disk is full, then has room again",
            broker_disk_full,
            Dose(6_000, 2, away=5),
            Dose(2_000, 1),
            on_small_disk=True,
            lacking=_lacks_root,
        ),
        Scenario(
            "store-kill",
            "`kill -9` of ClickHouse in the middle of an insert, the last time for a minute",
            store_kill,
            Dose(6_000, 6, away=60),
            Dose(2_000, 2, away=5),
        ),
        Scenario(
            "store-outage",
            "ClickHouse is stopped for longer than `record` waits for it",
            store_outage,
            Dose(6_000, 2, away=25),
            Dose(2_000, 1, away=7),
        ),
        Scenario(
            "store-slow",
            "ClickHouse stands still again and again",
            store_slow,
            Dose(6_000, 30, away=3),
            Dose(2_000, 5, away=2),
        ),
        Scenario(
            "clock-jump",
            "the clocks of workers jump by up to two hours",
            clock_jump,
            Dose(6_000, 30),
            Dose(2_000, 5),
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
            burst,
            Dose(12_000, 3),
            Dose(4_000, 1),
        ),
        Scenario(
            "many-partitions",
            "topics of 12 partitions for two workers a role, which are killed",
            kills,
            Dose(6_000, 6),
            Dose(2_000, 2),
            workers=2,
            partitions=12,
        ),
        Scenario(
            "lost-state",
            "`detect` loses its local states, at last those of all its workers",
            lost_state,
            Dose(6_000, 4),
            Dose(2_000, 2),
            workers=2,
        ),
    )
}
SHORT = ("kills", "zombie", "broker-restart", "store-outage")
"""What runs with the other tests."""
