"""Which hosts a mapping may ask: those that the mapping, or a setting of the connection, names.

What a delivery says has no say in it: whoever can send one could have us ask any host, and be told
the secrets of the connection.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline.connectors.language.expression import Scope, Value

BEGINNING = re.compile(r"https?://(?:\{[^{}]*\}|[^/{}?#\\\s])+(?=/)")
"""The scheme and host at the beginning of an address, as a mapping writes it."""
OF_OWNER = frozenset({"connection", "scope"})
"""Names whose values the owner of a connection has set."""


class Origin(NamedTuple):
    """A scheme, a host and a port."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin | None:
    """Return the origin of an address, None where it is none of HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return Origin(parts.scheme, parts.hostname.lower(), port) if parts.hostname else None


def named_origins(beginnings: Iterable[Value], names: Mapping[str, Any]) -> set[Origin]:
    """Return the origins of addresses that a mapping writes, by what the owner has set."""
    scope = Scope(names)
    return set(filter(None, (origin_of(str(beginning(scope))) for beginning in beginnings)))


def set_origins(values: Iterable[Any]) -> set[Origin]:
    """Return the origins that settings name, which may be on a private network."""
    return set(filter(None, (origin_of(value) for value in values if isinstance(value, str))))
