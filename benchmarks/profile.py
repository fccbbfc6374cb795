"""Profiles roles under a backlog: samples of stacks by layer."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.layers import shares
from benchmarks.machine import Machine
from benchmarks.measure import Crew
from benchmarks.messages import dated, events, fill, raw_templates, scored_templates
from benchmarks.throughput import MESSAGES, ROLES, ours
from pipeline.contracts.topology import INPUTS

SAMPLES_A_SECOND = 200
SETTLED = 20_000
"""Messages to warm up."""


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Profile each role alone on filled topics."""
    seconds = 4 if quick else 10
    happened = events(60_000)
    found: dict[str, object] = {}
    for role in ROLES:
        progress(role)
        templates = raw_templates if role == "understand" else scored_templates
        machine.fresh_topics()
        fill(machine.bootstrap, dated(templates(happened), MESSAGES[role], role))
        crew = Crew(machine, [ours(role)], {})
        with crew.running():
            while crew.sample().committed < min(SETTLED, machine.ends(INPUTS[role])):
                time.sleep(0.1)
            (process,) = crew.processes.values()
            stacks = machine.folder / f"{role}.stacks"
            sample(process.pid, seconds, stacks)
        found[role] = shares(stacks.read_text().splitlines())
    return {"seconds": seconds, "roles": found}


def sample(pid: int, seconds: int, target: Path) -> None:
    """Write a line per stack with its number of samples, without idle threads."""
    subprocess.run(
        [
            *(
                Path(sys.executable).with_name("py-spy"),
                "record",
                "--nonblocking",
                "--format",
                "raw",
                "--output",
                str(target),
            ),
            *("--rate", str(SAMPLES_A_SECOND), "--duration", str(seconds), "--pid", str(pid)),
        ],
        check=True,
        capture_output=True,
    )
