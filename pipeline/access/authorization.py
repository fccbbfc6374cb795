"""What a route demands, declared beside it as its `opt`; the guard enforces it.

A route that declares nothing is refused to everybody.
"""

from typing import Any

from pipeline.access.user import Role

PUBLIC: dict[str, Any] = {"requires": None}
"""Open to all: the login page and what it shows."""

PROBE: dict[str, Any] = {"requires": None, "any_host": True}
"""Open to all, by any host name: probes and Prometheus ask by address."""


def requires(role: Role, *, audit: str = "") -> dict[str, Any]:
    """Declare the least role of a route, and by which name the audit trail knows its use."""
    return {"requires": role, "audit": audit}


VIEWER = requires("viewer")
