"""Files that only their owner may read: they hold what customers wrote."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077
"""The rights of those who are not the owner."""


def make_private(path: Path) -> None:
    """Take from others every right to a file, or to a folder and all that is in it.

    Links in it are not followed, and what belongs to somebody else stays as it is.
    """
    for one in _all_of(path.resolve()):
        with suppress(OSError):
            mode = one.lstat().st_mode
            if mode & OTHERS and not one.is_symlink():
                one.chmod(mode & ~OTHERS & 0o7777)


def _all_of(path: Path) -> Iterator[Path]:
    yield path
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))
