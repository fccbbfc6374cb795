"""Resource limits of the operating system."""

import ctypes
import resource
from contextlib import suppress

OPEN_FILES = 10_240
"""Open files needed by Kafka's segments and indices, or by the states of a role."""

ARENAS = 2
"""Malloc arenas; glibc creates up to eight per core, and they do not shrink."""
_M_ARENA_MAX = -8  # of glibc's mallopt(3); other C libraries have no such thing


def bound_arenas() -> None:
    """Bound malloc arenas, which makes a role some 7 % smaller."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


def raise_open_files() -> None:
    """Raise the limit of open files to its maximum, for this process and its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_files() -> int:
    """Return the maximum number of open files of a process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES if hard == resource.RLIM_INFINITY else hard
