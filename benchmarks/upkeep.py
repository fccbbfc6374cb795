"""Measures `nabiz up` on a terminal: time to the first screen, cost when idle and at a low rate.

Processor time is that of all its processes, so that other load on the machine hardly matters;
memory is the sum of their proportional set sizes (PSS), in which shared memory counts once.
"""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

from benchmarks.machine import Machine
from benchmarks.measure import cpu_of
from pipeline.cli.machine import SAMPLE_RATE

SETTLED, SETTLED_QUICK = 60.0, 20.0
"""Seconds to warm up after the first screen."""
SCREEN = b"events stored"
ROWS, COLUMNS = 45, 150
START_SECONDS, STOP_SECONDS = 300.0, 60.0
_SUBCOMMAND = re.compile(r"pipeline\.cli (?:worker (\w+)|simulate.*--(rate|desk))")


class Share(msgspec.Struct, frozen=True):
    """Usage of a part: percent of a core, and MB."""

    part: str
    cpu: float
    pss: float


class Upkeep(msgspec.Struct, frozen=True):
    """Seconds to the first screen, on a new folder and again, and the usage of each part."""

    first_screen: float
    again: float
    parts: list[Share]


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Measure `nabiz up` without and with the sample."""
    seconds, settled = (60.0, SETTLED_QUICK) if quick else (600.0, SETTLED)
    found: dict[str, object] = {"rate": SAMPLE_RATE, "seconds": seconds}
    for kind, sample in (("idle", "none"), ("sample", "company")):
        folder = machine.folder / kind
        with running(folder, sample) as (_, first_screen):
            progress(f"{kind}: first screen after {first_screen:.1f} s")
        with running(folder, sample) as (process, again):
            time.sleep(settled)
            parts = shares(process, seconds)
        total = sum(part.cpu for part in parts), sum(part.pss for part in parts)
        progress(f"{kind}: {total[0]:.1f}% of a core, {total[1]:.0f} MB")
        found[kind] = Upkeep(first_screen, again, parts)
    return found


@contextmanager
def running(folder: Path, sample: str) -> Iterator[tuple[psutil.Process, float]]:
    """Run `nabiz up` on a terminal; yield the process and the seconds to its first screen."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    arguments = ["up", "--port", "0", "--data", str(folder), "--sample", sample]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    screen = threading.Event()
    threading.Thread(target=_read, args=(ours, screen), daemon=True).start()
    try:
        if not screen.wait(START_SECONDS):
            raise RuntimeError(f"nabiz up has no screen after {START_SECONDS:.0f} s: {folder}/logs")
        yield psutil.Process(process.pid), time.monotonic() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)


def _read(terminal: int, screen: threading.Event) -> None:
    """Read the output until the terminal is closed."""
    shown = b""
    with suppress(OSError):
        while piece := os.read(terminal, 65_536):
            shown = (shown + piece)[-10_000:]
            if SCREEN in shown:
                screen.set()
    os.close(terminal)


def shares(process: psutil.Process, seconds: float) -> list[Share]:
    """Return the usage of the parts over a time, largest first."""
    before, began = _processor_time(process), time.monotonic()
    time.sleep(seconds)
    after, elapsed = _processor_time(process), time.monotonic() - began
    memory: defaultdict[str, float] = defaultdict(float)
    for one in _family(process):
        memory[part_of(one)] += one.memory_full_info().pss / 2**20
    return [
        Share(part, round((used - before.get(part, 0)) / elapsed * 100, 2), round(memory[part], 1))
        for part, used in sorted(after.items(), key=lambda item: -item[1])
    ]


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _processor_time(process: psutil.Process) -> dict[str, float]:
    """Return the seconds of each part, without processes that end meanwhile."""
    used: defaultdict[str, float] = defaultdict(float)
    for one in _family(process):
        with suppress(psutil.NoSuchProcess):
            used[part_of(one)] += cpu_of(one)
    return used


def part_of(process: psutil.Process) -> str:
    """Return the part of `nabiz up` to which a process belongs."""
    line = " ".join(process.cmdline())
    if "kafka.Kafka" in line:
        return "kafka"
    if "multiprocessing" in line:
        return "nursery"
    if found := _SUBCOMMAND.search(line):
        return found[1] or {"rate": "sample", "desk": "sample's desk"}[found[2]]
    return "up"
