"""Which servers the store supports."""

OLDEST = "24.8"
"""The oldest version of ClickHouse that migrations, KPIs and dashboards are written for."""


def unsupported(version: str) -> str:
    """Return what is wrong with a server of this version, or ""."""
    if _release(version) >= _release(OLDEST):
        return ""
    return f"ClickHouse {version} is older than {OLDEST}, the oldest version that is supported"


def _release(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)
