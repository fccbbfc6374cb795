"""TCP ports on the loopback address."""

import errno
import random
import socket
from collections.abc import Container
from typing import Final

from pipeline.common.urls import with_port

HOST: Final = "127.0.0.1"
_CHOICE: Final = range(20_000, 32_000)


def free_port(preferred: int | None = None, besides: Container[int] = ()) -> int:
    """Return a port that is free now: the preferred one if possible.

    Others are below the range for outgoing connections: while a server is down, a retrying client
    could connect to itself there, and so take the port. Raises OSError if none is found.
    """
    first = [preferred] if preferred else []
    for port in [*first, *random.sample(_CHOICE, 100)]:
        if port not in besides and is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, "a hundred ports between 20,000 and 32,000 are all in use")


def cannot_listen(what: str, host: str, port: int, error: OSError, variable: str) -> str:
    """Explain why a server cannot listen on an address, and which setting to change.

    `variable` names the setting of the port.
    """
    at, start = f"{what} cannot listen on {with_port(host, port)}", variable.removesuffix("_PORT")
    if error.errno == errno.EADDRINUSE:
        return f"{at}, where another program listens: set another {variable} (0: any free one)"
    if error.errno == errno.EACCES:
        return f"{at}, which this user may not: set a {variable} from 1024 on"
    return f"{at} ({error.strerror}): set {start}_HOST to an address of this machine"


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def is_free(port: int, host: str = HOST) -> bool:
    """Return whether a server could listen on the port now."""
    try:
        listening(host, port).close()
    except OSError:
        return False
    return True
