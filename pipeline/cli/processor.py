"""Reads the features of the processor from the operating system."""

import platform
import subprocess
from pathlib import Path

_MACOS = ("sysctl", "machdep.cpu.leaf7_features", "hw.optional.arm.FEAT_DotProd")
"""sysctl names of processor features; a Mac has one of the two."""


def told_of_the_processor() -> str:
    """Return text that contains the feature names; empty if unknown."""
    match platform.system():
        case "Linux":
            return Path("/proc/cpuinfo").read_text("utf-8")
        case "Darwin":
            return subprocess.run(_MACOS, capture_output=True, text=True, check=False).stdout
        case _:
            return ""
