"""What the system tells of its processor."""

import platform
import subprocess
from pathlib import Path

_MACOS = ("sysctl", "machdep.cpu.leaf7_features", "hw.optional.arm.FEAT_DotProd")
"""Each Mac has one of the two and answers with that."""


def told_of_the_processor() -> str:
    """Return the names of its features, among other things; nothing where there is no telling."""
    match platform.system():
        case "Linux":
            return Path("/proc/cpuinfo").read_text("utf-8")
        case "Darwin":
            return subprocess.run(_MACOS, capture_output=True, text=True, check=False).stdout
        case _:
            return ""
