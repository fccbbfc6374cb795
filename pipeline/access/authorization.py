"""The role that a route requires, declared as its `opt` and enforced by the guard.

A route without a declaration is refused to everybody.
"""

from typing import Any

from pipeline.access.user import Role

PUBLIC: dict[str, Any] = {"requires": None}
"""Open to everybody: the login page and its files."""

PROBE: dict[str, Any] = {"requires": None, "any_host": True}
"""Open to everybody under any host name: probes and Prometheus use IP addresses."""


def requires(role: Role, *, audit: str = "") -> dict[str, Any]:
    """Declare the lowest role of a route, and the name of its use in the audit trail."""
    return {"requires": role, "audit": audit}


VIEWER = requires("viewer")
