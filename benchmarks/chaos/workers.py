"""The roles as processes of their own, kept running as `nabiz up` and systemd do."""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from random import Random

from agents.runtime.crash import EXIT_CRASH
from pipeline.cli.supervisor import Child, nabiz, stop


class WorkerError(Exception):
    """A worker did what none may: it halted, or had to be killed."""


class Workers:
    """Workers by name, such as `detect-0`; what dies without being asked to starts again."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._children: dict[str, Child] = {}
        self._past_deaths = 0
        self._may_halt: set[str] = set()

    @property
    def deaths(self) -> int:
        """How often a worker ended by itself, or not in order when it was asked to."""
        return self._past_deaths + sum(child.deaths for child in self._children.values())

    def of(self, role: str) -> list[str]:
        """Return the names of the workers of a role that are to run."""
        return sorted(name for name in self._children if name.partition("-")[0] == role)

    def start(self, name: str, release: Mapping[str, str] | None = None) -> None:
        """Start a worker; returns at once. `release` are variables that another release needs."""
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
        """End a worker as a power cut would; `start` starts it again."""
        child = self._children.pop(name)
        self._past_deaths += child.deaths
        self._may_halt.discard(name)
        if child.process:
            child.process.kill()
            child.process.wait()

    def stop(self, *names: str) -> None:
        """Ask workers to end. Raises WorkerError where one ends otherwise than it may.

        One that gives up its stop, as on a busy machine, has lost nothing, and counts as a death.
        """
        for name in names:
            child = self._children.pop(name)
            self._past_deaths += child.deaths
            stop([child])
            # One that is still starting ends by the signal itself.
            status = child.process.poll() if child.process else 0
            if status == EXIT_CRASH:
                self._past_deaths += 1
            elif status not in (0, -signal.SIGTERM):
                raise WorkerError(f"{name} ended with {status}:\n{child.last_words()}")

    def stop_without_broker(self) -> list[str]:
        """Ask all to end while Kafka is away; return their names.

        Raises WorkerError where one has to be killed.
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
        """Ask all to end, as `stop` does."""
        self.stop(*self._children)

    def kill_all(self) -> None:
        """End all that are left."""
        for name in list(self._children):
            self.kill(name)

    def pause(self, name: str) -> None:
        """Let a worker stand still: the others take it for dead."""
        self._signal(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a paused worker go on; it does not know that time has passed."""
        self._signal(name, signal.SIGCONT)

    def with_state(self, role: str) -> list[str]:
        """Return the workers of a role that keep states in local files."""
        return [name for name in self.of(role) if any(self._state(name).rglob("*.log"))]

    def lose_state(self, name: str) -> None:
        """Delete the local states of a worker that does not run."""
        shutil.rmtree(self._state(name), ignore_errors=True)

    def damage_state(self, name: str, rng: Random) -> None:
        """Overwrite some of the files in which a worker that does not run has its states."""
        files = sorted(one for one in self._state(name).rglob("*") if one.is_file())
        for file in rng.sample(files, len(files) // 2):
            file.write_bytes(rng.randbytes(max(64, file.stat().st_size)))

    def set_clock(self, name: str, seconds: int) -> None:
        """Put the wall clock of a worker under libfaketime ahead (or behind)."""
        self._clock(name).parent.mkdir(exist_ok=True)
        self._clock(name).write_text(f"{seconds:+d}s\n")

    def may_halt(self, name: str) -> None:
        """Take it for right if a worker halts; `halted` tells. Once it is killed, no longer."""
        self._may_halt.add(name)

    def halted(self, name: str) -> bool:
        """Return whether a worker has halted."""
        return self._children[name].halted

    def tick(self) -> None:
        """Start again what has died. Raises WorkerError where one has halted that may not."""
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
