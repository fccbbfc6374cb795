"""Runs a program that ends when its parent ends for any reason (Linux).

usage: python tied_to_parent.py PARENT_PID PROGRAM ARGUMENT...

A process may ask the kernel only for itself, before it becomes the program; hence this step
between. The kernel looks at the thread that started the child: start it from one that lives on.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def tied(command: Sequence[str]) -> list[str]:
    """Return a command that ties `command` to this process; `command` itself off Linux."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-IS", __file__, str(os.getpid()), *command]


def tie_to_parent(parent: int) -> None:
    """Ask the kernel to end this process with the thread of `parent` that started it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent ended before the program began")


if __name__ == "__main__":
    tie_to_parent(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
