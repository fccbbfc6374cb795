"""What the system lets a process have."""

import ctypes
import resource
from contextlib import suppress

OPEN_FILES = 10_240
"""Enough for Kafka's segments and indices, and for the states of a role."""

ARENAS = 2
"""Pools that the C library takes memory from; by itself it makes one a thread, and none shrinks."""
_M_ARENA_MAX = -8  # of glibc's mallopt(3); other C libraries have no such thing


def bound_arenas() -> None:
    """Have threads share memory: a role is some 7 % smaller, and they take turns anyway."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


def raise_open_files() -> None:
    """Take as many open files as this user may, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_files() -> int:
    """Return how many files this user may have open in a process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES if hard == resource.RLIM_INFINITY else hard
