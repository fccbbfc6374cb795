"""Addresses: where a server is found, and which of them a secret may be sent to."""

import ipaddress
from urllib.parse import urlsplit

ALL = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Hosts that stand for every address of a machine, with that by which it reaches itself."""


def with_port(host: str, port: int) -> str:
    """Return `host:port`; an address of IPv6 has colons of its own, and is put in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def own_page(host: str, port: int) -> str:
    """Return the URL at which this machine finds a server of its own that listens on `host`."""
    return f"http://{with_port(ALL.get(host, host), port)}"


def is_loopback(host: str) -> bool:
    """Return whether this host is the machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_protected(url: str) -> bool:
    """Return whether nobody on the way can read what is sent to this URL: TLS, or this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )
