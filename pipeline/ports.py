"""Ports of this machine's loopback address."""

import errno
import random
import socket
from collections.abc import Container
from typing import Final

HOST: Final = "127.0.0.1"
_CHOICE: Final = range(20_000, 32_000)


def free_port(preferred: int | None = None, besides: Container[int] = ()) -> int:
    """Return a port that nothing listens on now: the preferred one where it is free.

    Others are below those that systems give to outgoing connections: while a server is away, a
    client that tries again and again could connect to itself there, and so take the port. Raises
    OSError where none is found.
    """
    first = [preferred] if preferred else []
    for port in [*first, *random.sample(_CHOICE, 100)]:
        if port not in besides and is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, "a hundred ports between 20,000 and 32,000 are all in use")


def is_free(port: int) -> bool:
    """Say whether a server could listen there now."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
