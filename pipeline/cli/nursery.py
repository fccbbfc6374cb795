"""Forks the processes of one machine from one that has loaded their imports and models.

They share its memory until they write to it: a role is a process of its own, yet costs a few
megabytes and a moment, instead of some 160 MB and seconds.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import tenacity
from setproctitle import setproctitle

from pipeline.broker.tied_to_parent import tie_to_parent

PRELOADED = "pipeline.cli.preloaded"

_until_open = tenacity.retry(
    retry=tenacity.retry_if_exception_type(ConnectionError),  # it was killed a moment ago
    stop=tenacity.stop_after_delay(10),
    wait=tenacity.wait_fixed(0.05),
    reraise=True,
)


def open_nursery() -> None:
    """Start the fork server, which preloads in the background."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOADED])
    forkserver.ensure_running()


def close_nursery() -> None:
    """Stop the fork server and Python's resource tracker, and wait for both."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


class Forked(ForkServerProcess):
    """A forked process with the methods of `subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Return its process id; 0 before the start."""
        return super().pid or 0

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its exit code. Raises subprocess.TimeoutExpired."""
        self.join(timeout)
        if self.exitcode is None:
            raise subprocess.TimeoutExpired(self.name, timeout or 0.0)
        return self.exitcode


@_until_open
def forked(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
    """Run `nabiz ARGUMENT...`; it ends with the nursery, which ends with this process.

    A nursery that has ended is opened again.
    """
    process = Forked(target=_run, args=(arguments, environment, log))
    process.start()
    return process


def _run(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    from pipeline.cli.main import main

    os.setsid()  # the terminal's Ctrl-C is for the parent, which stops all in order
    tie_to_parent(os.getppid())
    with Path(os.devnull).open("rb") as nothing, log.open("ab") as output:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.update(environment)
    sys.argv = ["nabiz", *arguments]
    setproctitle(" ".join([sys.executable, "-m", "pipeline.cli", *arguments]))
    main()
