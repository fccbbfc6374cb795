"""Supervises the processes of one machine: restarts what dies or hangs."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

import httpx

from pipeline.broker.tied_to_parent import tied
from pipeline.common.processes import Process, end
from pipeline.common.progress import Watch
from pipeline.contracts.topology import EXIT_HALT

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a restart; doubled each time a process dies young."""
GROWN_UP = 60.0
"""Seconds of life after which a death counts as the first again."""
CHECK_EVERY, HANGS_AFTER = 5.0, 60.0
"""Seconds between health checks, and without a healthy answer until a process is killed."""
STOP_TIMEOUT = 15.0

Launch: TypeAlias = Callable[[Sequence[str], Mapping[str, str], Path], Process]
"""Starts a process with a command, extra environment variables and an output file.

The terminal's Ctrl-C must not reach the process: we stop it in order.
"""


def spawned(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """Start a program; it ends with this process."""
    with log.open("ab") as output:
        return subprocess.Popen(
            tied(command),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@dataclass
class Child:
    """A supervised process: command, extra environment, output file, health page.

    `page` is "" where there is none; then only the death of the process is noticed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    page: str
    process: Process | None = None
    started_at: float = 0.0
    checked_at: float = 0.0
    healthy_at: float = 0.0
    starting: Watch | None = None
    """Whether it has not been healthy yet."""
    deaths: int = 0
    pause: float = field(default=FIRST_PAUSE)
    start_at: float = 0.0
    launch: Launch = spawned

    def start(self) -> None:
        """Start the process."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.process = self.launch(self.command, self.environment, self.log)
        self.started_at = self.healthy_at = time.monotonic()
        self.starting = Watch(HANGS_AFTER, self.started_at)

    def tick(self) -> None:
        """Restart the process if it has died; kill it if it hangs, also while starting."""
        self.revive()
        if self.process and self.process.poll() is None and self.page and self._hangs():
            with suppress(OSError), self.log.open("a", encoding="utf-8") as log:  # a full disk
                log.write(f"killed: no good answer at {self.page}/healthz for {HANGS_AFTER:g} s\n")
            self.process.kill()  # whatever hangs would not hear a SIGTERM
            self.process.wait()

    def revive(self) -> None:
        """Restart the process if it has died and its pause is over.

        One that halted stays down: a person has to look first.
        """
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self.start()
        elif self.halted:
            return
        elif self.process.poll() is not None:
            self.deaths += 1
            old = time.monotonic() - self.started_at > GROWN_UP
            self.pause = FIRST_PAUSE if old else min(2 * self.pause, LONGEST_PAUSE)
            self.start_at = time.monotonic() + self.pause
            self.process = None

    @property
    def halted(self) -> bool:
        """Whether the process halted because continuing would do harm."""
        return self.process is not None and self.process.poll() == EXIT_HALT

    def _hangs(self) -> bool:
        if time.monotonic() - self.checked_at >= CHECK_EVERY:
            self.checked_at = time.monotonic()
            if answers(self.page):
                self.healthy_at, self.starting = time.monotonic(), None
        now = time.monotonic()
        if self.starting and self.process:
            return self.starting.stalled([self.process.pid], [self.log], now)
        return now - self.healthy_at > HANGS_AFTER

    def last_words(self) -> str:
        """The end of the log, for an error message."""
        return end_of(self.log)


def stop(children: Iterable[Child]) -> None:
    """Stop all processes and wait; kill those that take too long."""
    end(STOP_TIMEOUT, *(child.process for child in children if child.process))


def end_of(log: Path) -> str:
    """Return the last lines of a log, for an error message."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-3:])


def answers(page: str) -> bool:
    """Return whether the health page reports healthy."""
    try:
        return _client().get(f"{page}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


@cache
def _client() -> httpx.Client:
    """Return a shared client: creating one loads the CA certificates, which takes 20 ms."""
    return httpx.Client(timeout=2)


def nabiz(*arguments: str) -> list[str]:
    """Return the command line of `nabiz` in this interpreter."""
    return [sys.executable, "-m", "pipeline.cli", *arguments]
