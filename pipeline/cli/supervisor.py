"""Keeps the processes of one machine running: starts again what dies or hangs, stops them."""

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
"""Seconds before a process is started again; doubled each time it dies young."""
GROWN_UP = 60.0
"""Seconds after which a death counts as the first again."""
CHECK_EVERY, HANGS_AFTER = 5.0, 60.0
"""Seconds between looks at a process's page, and without a good answer until it is killed."""
STOP_TIMEOUT = 15.0

Launch: TypeAlias = Callable[[Sequence[str], Mapping[str, str], Path], Process]
"""Starts a process by its command, what it adds to the environment, and where its output goes.

The terminal's Ctrl-C is not for the process, but for us, who stop it in order.
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
    """A process: its command, what it adds to the environment, where its output goes, its page.

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
    """Until it was healthy once."""
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
        """Start the process again if it has died; kill it if it hangs, also as it starts."""
        self.revive()
        if self.process and self.process.poll() is None and self.page and self._hangs():
            with suppress(OSError), self.log.open("a", encoding="utf-8") as log:  # a full disk
                log.write(f"killed: no good answer at {self.page}/healthz for {HANGS_AFTER:g} s\n")
            self.process.kill()  # whatever hangs would not hear a SIGTERM
            self.process.wait()

    def revive(self) -> None:
        """Start the process again if it has died and its pause is over.

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
        """Whether the process ended because to go on would do harm."""
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
        """The end of the log, for a message about a process that does not stay up."""
        return end_of(self.log)


def stop(children: Iterable[Child]) -> None:
    """Ask all processes to finish, and return when they have; kill what takes too long."""
    end(STOP_TIMEOUT, *(child.process for child in children if child.process))


def end_of(log: Path) -> str:
    """Return the last lines of a log, for a message about the process that wrote it."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-3:])


def answers(page: str) -> bool:
    """Return whether the page says that its process is healthy."""
    try:
        return _client().get(f"{page}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


@cache
def _client() -> httpx.Client:
    """One for all pages: each new one reads the certificates of all authorities, for 20 ms."""
    return httpx.Client(timeout=2)


def nabiz(*arguments: str) -> list[str]:
    """Return the command line of `nabiz` in this interpreter."""
    return [sys.executable, "-m", "pipeline.cli", *arguments]
