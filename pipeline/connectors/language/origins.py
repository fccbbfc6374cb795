"""The hosts that a mapping may ask: those named by the mapping or a setting of the connection.

Content of a delivery never names one: its sender could otherwise direct requests, with the
connection's secrets, to any host.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline.connectors.language.expression import Scope, Value

BEGINNING = re.compile(r"https?://(?:\{[^{}]*\}|[^/{}?#\\\s])+(?=/)")
"""Matches scheme and host at the beginning of an address in a mapping."""
OF_OWNER = frozenset({"connection", "scope"})
"""Names whose values are set by the owner of the connection."""


class Origin(NamedTuple):
    """A scheme, a host and a port."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin | None:
    """Return the origin of an address, None if it is not HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return Origin(parts.scheme, parts.hostname.lower(), port) if parts.hostname else None


def named_origins(beginnings: Iterable[Value], names: Mapping[str, Any]) -> set[Origin]:
    """Return the origins of a mapping's addresses, with the owner's settings filled in."""
    scope = Scope(names)
    return set(filter(None, (origin_of(str(beginning(scope))) for beginning in beginnings)))


def set_origins(values: Iterable[Any]) -> set[Origin]:
    """Return the origins in settings, which may be on a private network."""
    return set(filter(None, (origin_of(value) for value in values if isinstance(value, str))))
