"""What a process of Nabız takes of the system."""

import platform
import subprocess
import sys

import pytest

THREADS = 16
PROGRAM = f"""
import ctypes, threading
from pathlib import Path
from pipeline.cli.limits import bound_arenas

def reserved():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmSize:")[2].split()[0]) // 1024

if BOUND:
    bound_arenas()
malloc = ctypes.CDLL(None).malloc
barrier = threading.Barrier({THREADS})
threading.stack_size(1 << 16)

def take():
    malloc(1000)
    barrier.wait()

before = reserved()
threads = [threading.Thread(target=take) for _ in range({THREADS})]
for one in threads: one.start()
for one in threads: one.join()
print(reserved() - before)
"""


def reserved_by_threads(*, bound: bool) -> int:
    """Return how many MB of addresses threads that take memory reserve."""
    code = PROGRAM.replace("BOUND", str(bound))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc makes pools of memory")
def test_threads_share_pools_of_memory() -> None:
    assert reserved_by_threads(bound=True) < reserved_by_threads(bound=False) / 2
