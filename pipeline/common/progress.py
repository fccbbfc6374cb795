"""A start that is slow is not one that hangs: what its processes do is watched, not a clock."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 60.0
"""Seconds in which something must have moved."""
LOOK_EVERY = 1.0
LONGEST = 20
"""Times its patience: so long nothing takes, whatever moves."""
BUSY = 0.5
"""The share of its patience for which a process that is at work runs, or waits for its turn to."""


class Watch:
    """Says whether processes that start still get anywhere.

    They do while a log grows, and while they have work: who is kept from it by other programs waits
    for a processor, who waits for what does not come sleeps. Off Linux only logs are seen.
    """

    def __init__(self, patience: float, now: float) -> None:
        """Begin at `now`, by the monotonic clock."""
        self._patience = patience
        self._began = self._moved = self._looked = now
        self._threads: Counter[str] = Counter()
        self._worked = 0.0
        self._mark: tuple[object, ...] = ()

    def stalled(self, pids: Iterable[int], logs: Sequence[Path], now: float) -> bool:
        """Return whether nothing has moved for as long as patience lasts, or it lasts too long."""
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
        """Return how long it takes, and what may be the cause."""
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        cause = f"; this machine has {load:.0f} programs at work for {cores} cores"
        return f"{now - self._began:.0f} s" + (cause if load > cores else "")

    def failed(self, now: float) -> str:
        """Return the same where it has stalled, and what to set."""
        return (
            f"does not come up: {self.said(now)}. It last got on {now - self._moved:.0f} s ago; "
            "NABIZ_UP_PATIENCE, in seconds, lets it take longer"
        )


def _wanted(pids: Iterable[int]) -> Counter[str]:
    """Return for each thread how many nanoseconds it ran, or could have run and had to wait."""
    found: Counter[str] = Counter()
    for pid in pids:
        for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # it ends just now
                ran, waited, _ = file.read_text(encoding="ascii").split()
                found[file.parent.name] = int(ran) + int(waited)
    return found


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
