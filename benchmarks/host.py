"""Describes the machine of a measurement."""

import os
import platform
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def described() -> dict[str, str | int]:
    """Return the description of this machine."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
    }


def machines(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a text that says on which machine and when each part was measured."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for part, one in results.items():
        machine = one["machine"]
        described = (
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
            f"{machine['system']}, Python {machine['python']}, {one['date']}"
        )
        parts[described].append(part)
    return "; ".join(f"{described} ({', '.join(some)})" for described, some in parts.items())
