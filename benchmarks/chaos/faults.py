"""The faults: each function breaks a running system in its way, by a random seed."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeAlias

from clickhouse_driver import Client

from benchmarks.chaos.system import COMMIT_SECONDS, ROLES, System

SMALL_DISK = 256
"""Mebibytes of a broker's disk that is to become full."""
ROLES_THAT_MAY_SPOIL = ("detect", *ROLES)
"""Roles to suspend in turn; `detect` twice, since what it overwrites all others go by."""
WITH_STATES = ("detect", "follow_up")
"""The roles with local states, which deadlines move."""
ALMOST_FULL = 16_384
"""Bytes left on it for the broker to fill."""


@dataclass(frozen=True)
class Dose:
    """The dose of a fault: events in the load, repetitions, seconds of an outage."""

    events: int
    times: int
    away: float = 0.0


Inject: TypeAlias = Callable[[System, Dose, Random], None]


def moments(rng: Random, times: int, last: float = 0.9) -> list[float]:
    """Return sorted shares of the load, one in each of `times` equal parts."""
    return [last * (number + rng.random()) / times for number in range(times)]


def kills(system: System, dose: Dose, rng: Random) -> None:
    """Kill -9 random roles, and restart them at once."""
    for share in moments(rng, dose.times):
        role = rng.choice(ROLES)
        system.reached(role, share)
        system.wait(rng.uniform(0, COMMIT_SECONDS))
        worker = rng.choice(system.workers.of(role))
        system.workers.kill(worker)
        system.workers.start(worker)
        system.fault(f"kill -9 {role}")


def zombie(system: System, dose: Dose, rng: Random) -> None:
    """Suspend a worker until another has taken and worked on its partitions, then resume it."""
    for number, share in enumerate(moments(rng, dose.times, last=0.8)):
        role = ROLES_THAT_MAY_SPOIL[number % len(ROLES_THAT_MAY_SPOIL)]
        victim = rng.choice(system.workers.of(role))
        system.reached(role, share)
        system.wait(rng.uniform(0, COMMIT_SECONDS))
        system.workers.pause(victim)
        system.until(f"{victim} is out", lambda v=victim, r=role: v not in system.owners(r))  # type: ignore[misc]
        before = system.committed(role)
        system.until(
            "another has worked on its partitions",
            lambda r=role, b=before: system.committed(r) > b,  # type: ignore[misc]
        )
        system.workers.resume(victim)
        system.fault(f"zombie {role}")


def joins(system: System, dose: Dose, rng: Random) -> None:
    """Start workers before anything is committed; each join is a rebalance."""
    for number in range(1, dose.times + 1):
        for role in rng.sample(ROLES, len(ROLES)):
            system.workers.start(f"{role}-{number}")
            system.wait(rng.uniform(0, 0.5))
        system.fault("worker of each role joins")


def workers(system: System, dose: Dose, rng: Random) -> None:
    """Start, stop and kill workers, whose partitions the others take over."""
    for share in moments(rng, dose.times):
        role = rng.choice(ROLES)
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
    """Stop and restart the broker."""
    for share in moments(rng, dose.times):
        system.reached(rng.choice(ROLES), share)
        system.broker.stop()
        system.fault("broker stopped")
        system.wait(dose.away)
        system.start_broker()


def broker_kill(system: System, dose: Dose, rng: Random) -> None:
    """Kill -9 the broker, and restart it."""
    for share in moments(rng, dose.times):
        system.reached(rng.choice(ROLES), share)
        system.wait(rng.uniform(0, COMMIT_SECONDS))
        system.kill_broker()
        system.fault("broker killed")
        system.wait(dose.away)
        system.start_broker()


def broker_disk_full(system: System, dose: Dose, rng: Random) -> None:
    """Fill the broker's disk completely, and free space later."""
    disk = system.folder / "kafka" / "log"
    ballast = disk / "ballast"
    for share in moments(rng, dose.times, last=0.7):
        system.reached(rng.choice(ROLES), share)
        fill(disk, ballast)
        system.until(
            "the broker has no room",
            lambda: system.broker.process.poll() is not None or not _free(disk),
        )
        system.fault("broker's disk full")
        system.wait(dose.away)
        ballast.unlink()
        system.kill_broker()
        system.start_broker()


def fill(disk: Path, ballast: Path) -> None:
    """Fill the disk up to ALMOST_FULL bytes, or fewer if others write meanwhile."""
    with ballast.open("wb") as file:
        while (room := _free(disk) - ALMOST_FULL) > 0:
            with suppress(OSError):  # they were faster
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), room)


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a memory disk of SMALL_DISK at `folder`; requires root."""
    folder.mkdir(parents=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}m", "tmpfs", str(folder)], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def store_kill(system: System, dose: Dose, rng: Random) -> None:
    """Kill -9 the store during inserts; the last time with a long outage."""
    *others, last = moments(rng, dose.times)
    for share in (*others, last):
        system.reached("record", share)
        caught = _caught_in_insert(system)
        system.clickhouse.kill()
        system.fault("store killed in an insert" if caught else "store killed")
        if share == last:
            system.wait(dose.away)
        system.clickhouse.start()


def _caught_in_insert(system: System) -> bool:
    """Return True as soon as the store is inserting, False after 30 s."""
    running = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT%'"
    deadline = time.monotonic() + 30
    with Client(system.clickhouse.host, system.clickhouse.port) as client:
        while time.monotonic() < deadline:
            if client.execute(running)[0][0]:
                return True
    return False


def store_outage(system: System, dose: Dose, rng: Random) -> None:
    """Stop the store for longer than `record` waits, so that it exits and restarts meanwhile."""
    for share in moments(rng, dose.times):
        system.reached("record", share)
        system.clickhouse.stop()
        system.fault("store stopped")
        system.wait(dose.away)
        system.clickhouse.start()


def store_slow(system: System, dose: Dose, rng: Random) -> None:
    """Suspend the store most of the time, in slices of up to a few seconds."""
    for share in moments(rng, dose.times):
        system.reached("record", share)
        system.clickhouse.pause()
        system.fault("store stands still")
        system.wait(rng.uniform(0.5, dose.away))
        system.clickhouse.resume()


def clock_jump(system: System, dose: Dose, rng: Random) -> None:
    """Shift the wall clocks of workers in turn, and restart some."""
    for share in moments(rng, dose.times):
        role = rng.choice(ROLES)
        system.reached(role, share)
        worker = rng.choice(system.workers.of(role))
        system.workers.set_clock(worker, rng.choice((-7200, -600, -30, 30, 600, 3000)))
        system.fault("clock moved")
        if rng.random() < 0.3:
            # Its partitions go to a worker with another clock.
            system.workers.stop(worker)
            system.workers.start(worker)
            system.fault("stop and start")


def burst(system: System, dose: Dose, rng: Random) -> None:
    """Publish at ten times the rate for a while, and kill each role once."""
    usual = system.feeder.rate
    system.reached("understand", 0.2)
    system.feeder.rate = 10 * usual
    system.fault("ten times the load")
    for role in rng.sample(ROLES, dose.times):
        system.wait(rng.uniform(0, 1))
        [worker] = system.workers.of(role)
        system.workers.kill(worker)
        system.workers.start(worker)
        system.fault(f"kill -9 {role}")
    system.until("most is published", lambda: system.feeder.share > 0.8)
    system.feeder.rate = usual


def lost_state(system: System, dose: Dose, rng: Random) -> None:
    """Restart a role without its local states; the last time, all workers of all roles with any."""
    *others, last = moments(rng, dose.times)
    for number, share in enumerate((*others, last)):
        losers = [with_state(system, share, number, rng)]
        if share == last:
            losers = [name for role in WITH_STATES for name in system.workers.of(role)]
        for worker in losers:
            system.workers.kill(worker)
        for worker in losers:
            system.workers.lose_state(worker)
            system.workers.start(worker)
        system.fault("all local states lost" if share == last else "states of a worker lost")


def with_state(system: System, share: float, number: int, rng: Random) -> str:
    """Return, once it has reached a share of the load, a worker that has local states.

    Roles with any take turns by `number`.
    """
    role = WITH_STATES[number % len(WITH_STATES)]
    system.reached(role, share)
    system.until(f"{role} has local states", lambda: system.workers.with_state(role))
    return rng.choice(system.workers.with_state(role))
