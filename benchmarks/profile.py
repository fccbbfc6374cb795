"""Where the time of a role goes: samples of its stacks under a backlog, by what they are in."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.measure import Crew
from benchmarks.messages import dated, events, fill, raw_templates, scored_templates
from benchmarks.throughput import MESSAGES, ROLES, ours
from pipeline.chain import INPUTS

SAMPLES_A_SECOND = 200
SETTLED = 20_000
"""Messages until everything is warm."""

LAYERS = {
    "reading texts": ("pipeline/text/", "pipeline/privacy.py"),
    "states and rules": ("pipeline/detection/",),
    "states on disk": ("agents/states.py",),
    "rows, store": ("pipeline/store/", "clickhouse_driver/"),
    "decoding": ("pipeline/decode.py",),
    "messages in and out": ("agents/",),
    "Kafka client": ("aiokafka/",),
    "Faust": ("faust/", "mode/"),
}
"""What a stack is in: its innermost frame that is in one of these folders or files."""
OTHER = "event loops, threads"


def run(machine: Machine, quick: bool, progress: Callable[[str], None]) -> dict[str, object]:
    """Profile each role alone on topics that are filled."""
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
    """Write a line a stack, with how often it was seen; threads that wait do not count."""
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


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """Return the share of samples in each layer, the largest first."""
    counts: Counter[str] = Counter()
    for line in stacks:
        frames, _, seen = line.rpartition(" ")
        counts[layer_of(frames.split(";"))] += int(seen)
    return {layer: count / counts.total() for layer, count in counts.most_common()}


def layer_of(frames: list[str]) -> str:
    """Return what the innermost frame is in that is in any layer."""
    for frame in reversed(frames):
        for layer, places in LAYERS.items():
            if any(f"({place}" in frame for place in places):
                return layer
    return OTHER
