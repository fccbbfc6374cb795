"""What the transformer costs a worker: how soon it reads, and how much memory it takes."""

import json
import subprocess
import sys

import pytest

MOST_IMPORTS = 10
"""How many times the processor time of importing the libraries the first reading may take; 6 it
does. Seconds would be another number on another machine."""
TRIES = 3
"""What a processor does in a second changes while others use the machine, too: once has to do."""
MOST_MEGABYTES = 350

PROGRAM = r"""
import json, re, sys, time
from pathlib import Path
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
engine, repeats, texts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
reader = Reader(load_engine(engine))
readings = reader.read(["Kargo gelmedi, berbat! " * repeats] * texts, [None] * texts)
# Not ru_maxrss: it begins with what the process had that started this one.
(peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps([time.process_time(), int(peak) / 1024, readings[0].label]))
"""

LIBRARIES = "import time, msgspec, numpy, onnxruntime, tokenizers; print(time.process_time())"


def run(engine: str, repeats: int, texts: int) -> tuple[float, float, str]:
    """Seconds of processor time, megabytes at the most, and the first label."""
    command = [sys.executable, "-c", PROGRAM, engine, str(repeats), str(texts)]
    done = subprocess.run(command, capture_output=True, check=True)
    seconds, megabytes, label = json.loads(done.stdout)
    return seconds, megabytes, label


def imports_taken(engine: str) -> float:
    """Return how many times the imports the first reading takes."""
    seconds, _, label = run(engine, repeats=1, texts=1)
    libraries = subprocess.run([sys.executable, "-c", LIBRARIES], capture_output=True, check=True)
    assert label == "negative"
    return seconds / float(libraries.stdout)


@pytest.mark.parametrize("engine", ["strong", "auto"])
def test_the_first_reading_comes_soon(engine: str) -> None:
    assert any(imports_taken(engine) < MOST_IMPORTS for _ in range(TRIES))


def test_memory_is_bounded_under_long_texts() -> None:
    _, megabytes, label = run("strong", repeats=40, texts=200)
    assert label == "negative"
    assert megabytes < MOST_MEGABYTES
