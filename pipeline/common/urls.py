"""Addresses of servers: which may be sent a secret, and which paths are our own."""

import ipaddress
import re
from urllib.parse import urlsplit

ALL = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Wildcard hosts, with the loopback address by which the machine reaches itself."""
_LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/._~%?&=+,:@-]*")


def with_port(host: str, port: int) -> str:
    """Return `host:port`, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def own_page(host: str, port: int) -> str:
    """Return the URL at which this machine reaches its own server listening on `host`."""
    return f"http://{with_port(ALL.get(host, host), port)}"


def is_loopback(host: str) -> bool:
    """Return whether the host is a loopback name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_protected(url: str) -> bool:
    """Return whether traffic to the URL is confidential: TLS, or loopback."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )


def local_path(asked: str) -> str:
    """Return a requested path of this server; / if it might lead elsewhere."""
    return asked if _LOCAL_PATH.fullmatch(asked) else "/"
