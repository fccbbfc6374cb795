"""Ends child processes and bounds their logs."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

MOST_LOG = 16 * 1024 * 1024
"""Largest size of a log in bytes; one older log is kept."""


class Process(Protocol):
    """The part of `subprocess.Popen` that callers need, for processes started in any way."""

    @property
    def pid(self) -> int: ...  # noqa: D102
    def poll(self) -> int | None: ...  # noqa: D102
    def wait(self, timeout: float | None = None) -> int: ...  # noqa: D102
    def terminate(self) -> None: ...  # noqa: D102
    def kill(self) -> None: ...  # noqa: D102


def end(seconds: float, *processes: Process) -> None:
    """Terminate all processes at once; kill those that take longer than `seconds`."""
    deadline = time.monotonic() + seconds
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def bound(log: Path, most: int = MOST_LOG) -> None:
    """Move a log of over `most` bytes to NAME.1 while its process keeps writing.

    The process must have opened it to append, so that it goes on at the new end.
    """
    if log.exists() and log.stat().st_size > most:
        with suppress(OSError):  # a full disk keeps what has room
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)
