"""Print what a store in a folder holds; a process of its own, since a process holds one folder.

usage: python -m tests.e2e.stored FOLDER
"""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.chaos.content import Content, differences, stored_content
from pipeline.store.chdb import ChdbBackend


def stored(folder: Path) -> Content:
    """Return the content of the in-process store in a folder that no other process has open."""
    command = [sys.executable, "-m", "tests.e2e.stored", str(folder)]
    found: Content = json.loads(subprocess.check_output(command))
    return found


def assert_same(found: Content, expected: Content) -> None:
    """Say of each table what is missing and what is too much."""
    assert differences(found, expected) == []


if __name__ == "__main__":
    opened = ChdbBackend(Path(sys.argv[1]))
    print(json.dumps(stored_content(opened)))  # noqa: T201
    opened.close()
