"""Runs the roles as processes, and restarts them as `nabiz up` and systemd do."""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from random import Random

from agents.runtime.crash import EXIT_CRASH
from pipeline.cli.supervisor import Child, nabiz, stop


class WorkerError(Exception):
    """A worker halted unexpectedly, or had to be killed."""


class Workers:
    """Workers by name, such as `detect-0`; those that die unexpectedly are restarted."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._children: dict[str, Child] = {}
        self._past_deaths = 0
        self._may_halt: set[str] = set()

    @property
    def deaths(self) -> int:
        """Number of unexpected or disorderly exits of workers."""
        return self._past_deaths + sum(child.deaths for child in self._children.values())

    def of(self, role: str) -> list[str]:
        """Return the names of the workers of a role that should run."""
        return sorted(name for name in self._children if name.partition("-")[0] == role)

    def start(self, name: str, release: Mapping[str, str] | None = None) -> None:
        """Start a worker without waiting. `release` are variables that another release needs."""
        role, _, _ = name.partition("-")
        environment = {
            **self._environment,
            **(release or {}),
            "NABIZ_DATA": str(self._folder),
            "NABIZ_WORKER_INSTANCE": name,
        }
        if "LD_PRELOAD" in environment:
            environment["FAKETIME_TIMESTAMP_FILE"] = str(self._clock(name))
            self.set_clock(name, 0)
        child = Child(name, nabiz("worker", role), environment, self._log(name), "")
        child.start()
        self._children[name] = child

    def kill(self, name: str) -> None:
        """Kill a worker, as a power cut would; `start` restarts it."""
        child = self._children.pop(name)
        self._past_deaths += child.deaths
        self._may_halt.discard(name)
        if child.process:
            child.process.kill()
            child.process.wait()

    def stop(self, *names: str) -> None:
        """Stop workers. Raises WorkerError if one exits with an unexpected code.

        One that gives up an orderly stop, as under load, loses nothing, but counts as a death.
        """
        for name in names:
            child = self._children.pop(name)
            self._past_deaths += child.deaths
            stop([child])
            # A worker that is still starting dies by the signal itself.
            status = child.process.poll() if child.process else 0
            if status == EXIT_CRASH:
                self._past_deaths += 1
            elif status not in (0, -signal.SIGTERM):
                raise WorkerError(f"{name} ended with {status}:\n{child.last_words()}")

    def stop_without_broker(self) -> list[str]:
        """Stop all workers while Kafka is down, and return their names.

        Raises WorkerError if one has to be killed.
        """
        names = list(self._children)
        for name in names:
            child = self._children.pop(name)
            self._past_deaths += child.deaths
            stop([child])
            if child.process and child.process.poll() == -signal.SIGKILL:
                raise WorkerError(f"{name} does not end without Kafka:\n{child.last_words()}")
        return names

    def stop_all(self) -> None:
        """Stop all workers, as `stop` does."""
        self.stop(*self._children)

    def kill_all(self) -> None:
        """Kill all remaining workers."""
        for name in list(self._children):
            self.kill(name)

    def pause(self, name: str) -> None:
        """Suspend a worker, which its group then considers dead."""
        self._signal(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Resume a suspended worker, unaware of the time that passed."""
        self._signal(name, signal.SIGCONT)

    def with_state(self, role: str) -> list[str]:
        """Return the workers of a role that have local states."""
        return [name for name in self.of(role) if any(self._state(name).rglob("*.log"))]

    def lose_state(self, name: str) -> None:
        """Delete the local states of a stopped worker."""
        shutil.rmtree(self._state(name), ignore_errors=True)

    def damage_state(self, name: str, rng: Random) -> None:
        """Overwrite some of the state files of a stopped worker."""
        files = sorted(one for one in self._state(name).rglob("*") if one.is_file())
        for file in rng.sample(files, len(files) // 2):
            file.write_bytes(rng.randbytes(max(64, file.stat().st_size)))

    def set_clock(self, name: str, seconds: int) -> None:
        """Shift the wall clock of a worker under libfaketime."""
        self._clock(name).parent.mkdir(exist_ok=True)
        self._clock(name).write_text(f"{seconds:+d}s\n")

    def may_halt(self, name: str) -> None:
        """Allow a worker to halt, until it is killed; `halted` tells whether it has."""
        self._may_halt.add(name)

    def halted(self, name: str) -> bool:
        """Return whether a worker has halted."""
        return self._children[name].halted

    def tick(self) -> None:
        """Restart workers that died. Raises WorkerError if one halted that may not."""
        for name, child in self._children.items():
            child.tick()
            if child.halted and name not in self._may_halt:
                raise WorkerError(f"{name} halted:\n{child.last_words()}")

    def _signal(self, name: str, number: signal.Signals) -> None:
        process = self._children[name].process
        if process is None or process.poll() is not None:
            raise WorkerError(f"{name} does not run, so it cannot be sent {number.name}")
        os.kill(process.pid, number)

    def _state(self, name: str) -> Path:
        return self._folder / "state" / name

    def _log(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def _clock(self, name: str) -> Path:
        return self._folder / "clocks" / name
