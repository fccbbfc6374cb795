"""Paths that every native library can open, whatever letters they contain."""

import os
import re
import sys
from pathlib import Path


def plain_name(folder: Path) -> str:
    """Return an ASCII path to an existing folder, valid while this process lives.

    Libraries that are not Python's take names for UTF-8, whatever the machine's encoding is, and
    some see parameters behind a question mark: they would make another folder beside this one.
    """
    name = str(folder)
    if sys.platform != "linux" or re.fullmatch(r"[ ->@-~]*", name):
        return name
    return f"/proc/self/fd/{os.open(folder, os.O_PATH | os.O_DIRECTORY)}"
