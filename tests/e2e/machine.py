"""Nabız as its users run it: `nabiz up` on a folder; always processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NABIZ = [sys.executable, "-m", "pipeline.cli"]
START_TIMEOUT = 240.0
COMMAND_TIMEOUT = 120.0
STOP_TIMEOUT = 60.0
POLL = 0.02
"""Seconds between two looks at something outside that is waited for."""


def wait_for(
    what: str, happened: Callable[[], object], process: "subprocess.Popen[bytes] | None" = None
) -> None:
    """Return when it has happened; fail after START_TIMEOUT, or when `process` has ended."""
    deadline = time.monotonic() + START_TIMEOUT
    while not happened():
        if process and process.poll() is not None:
            pytest.fail(f"the process ended with {process.returncode} before {what}")
        if time.monotonic() > deadline:
            pytest.fail(f"not within {START_TIMEOUT:.0f} s: {what}")
        time.sleep(POLL)


@dataclass
class Machine:
    """A running `nabiz up`."""

    data: Path
    process: "subprocess.Popen[bytes]"
    output: Path

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        """Run a command of `nabiz` on this folder; return what it printed, both streams."""
        return run(*arguments, "--data", str(self.data), exit_code=exit_code)

    def json(self, *arguments: str) -> Any:
        """Run a command with --json; return what it printed."""
        command = [*NABIZ, *arguments, "--json", "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, timeout=COMMAND_TIMEOUT)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def addresses(self) -> dict[str, Any]:
        """Return what it wrote about itself."""
        found: dict[str, Any] = json.loads((self.data / "addresses.json").read_bytes())
        return found

    def stop(self) -> None:
        """Press Ctrl-C; it must end well, and all that it started with it."""
        family = descendants(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(STOP_TIMEOUT) == 0, self.output.read_text()
        assert [pid for pid in family if _lives(pid)] == []
        assert not (self.data / "addresses.json").exists()


@contextmanager
def running_machine(data: Path, **environment: str) -> Iterator[Machine]:
    """`nabiz up` without a sample on `data`, ready for commands; stopped and checked at the end."""
    output = data.with_suffix(".log")
    with output.open("ab") as log:
        process = subprocess.Popen(
            [*NABIZ, "up", "--data", str(data), "--port", "0", "--sample", "none"],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    machine = Machine(data, process, output)
    try:
        with _explained_by(output):
            wait_for("it is up", (data / "addresses.json").exists, process)
        yield machine
        machine.stop()
    finally:
        process.kill()  # its children end with it
        process.wait()


def run(*arguments: str, exit_code: int = 0) -> str:
    """Run a command of `nabiz`; return what it printed, both streams."""
    done = subprocess.run(
        [*NABIZ, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=COMMAND_TIMEOUT,
    )
    output = done.stdout.decode()
    assert done.returncode == exit_code, f"exit code {done.returncode}: {output}"
    return output


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid` (Linux; elsewhere none are seen)."""
    children = [
        int(child)
        for listing in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listing.read_text().split()
    ]
    return [*children, *(below for child in children for below in descendants(child))]


def _lives(pid: int) -> bool:
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0].decode()
        return state != "Z"
    return False


@contextmanager
def _explained_by(log: Path) -> Iterator[None]:
    try:
        yield
    except pytest.fail.Exception as failure:
        pytest.fail(f"{failure.msg}\n{log.read_text(encoding='utf-8')[-3_000:]}")
