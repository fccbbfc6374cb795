"""The supported versions of ClickHouse."""

OLDEST = "24.8"
"""Oldest version of ClickHouse that migrations, KPIs and dashboards support."""


def unsupported(version: str) -> str:
    """Return why a server of this version is unsupported, or ""."""
    if _release(version) >= _release(OLDEST):
        return ""
    return f"ClickHouse {version} is older than {OLDEST}, the oldest version that is supported"


def _release(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)
