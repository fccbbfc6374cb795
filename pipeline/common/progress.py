"""Tells a slow start from one that hangs, by the progress of its processes and not by a timeout."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 60.0
"""Seconds within which progress is expected."""
LOOK_EVERY = 1.0
LONGEST = 20
"""Multiple of the patience after which a start has failed, whatever its progress."""
BUSY = 0.5
"""Share of the patience that a busy process spends running or waiting for the processor."""


class Watch:
    """Watches whether starting processes still make progress.

    A process makes progress while its log grows, or while it runs or waits for a processor: one
    that waits in vain sleeps. Off Linux only logs are watched.
    """

    def __init__(self, patience: float, now: float) -> None:
        """Start watching at `now` (monotonic seconds)."""
        self._patience = patience
        self._began = self._moved = self._looked = now
        self._threads: Counter[str] = Counter()
        self._worked = 0.0
        self._mark: tuple[object, ...] = ()

    def stalled(self, pids: Iterable[int], logs: Sequence[Path], now: float) -> bool:
        """Return whether there was no progress within the patience, or the start takes too long."""
        if now - self._looked >= min(LOOK_EVERY, self._patience / 4):
            self._looked = now
            threads = _wanted(pids)
            self._worked += (threads - self._threads).total() / 1e9  # a thread that ended is left
            self._threads = threads
            mark = (int(self._worked / (self._patience * BUSY)), *map(_size, logs))
            if mark != self._mark:
                self._mark, self._moved = mark, now
        late = now - self._began > LONGEST * self._patience
        return late or now - self._moved > self._patience

    def said(self, now: float) -> str:
        """Describe how long the start has taken, and the likely cause."""
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        cause = f"; this machine has {load:.0f} programs at work for {cores} cores"
        return f"{now - self._began:.0f} s" + (cause if load > cores else "")

    def failed(self, now: float) -> str:
        """Describe a stalled start, and which setting to change."""
        return (
            f"does not come up: {self.said(now)}. It last got on {now - self._moved:.0f} s ago; "
            "NABIZ_UP_PATIENCE, in seconds, lets it take longer"
        )


def _wanted(pids: Iterable[int]) -> Counter[str]:
    """Return for each thread how many nanoseconds it ran or waited for a processor."""
    found: Counter[str] = Counter()
    for pid in pids:
        for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # it ends just now
                ran, waited, _ = file.read_text(encoding="ascii").split()
                found[file.parent.name] = int(ran) + int(waited)
    return found


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
