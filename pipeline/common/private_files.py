"""Restricts files to their owner, because they contain what customers wrote."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077
"""Permission bits of group and others."""


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner can access.

    Raises OSError if it cannot be created or written to.
    """
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    make_private(path)


def write_private(path: Path, content: str) -> None:
    """Write a new file that only its owner can access. Raises OSError, as FileExistsError."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)


def unusable(folder: Path, error: OSError) -> str:
    """Say that `make_private_folder` failed, and what to do."""
    return (
        f"{folder} cannot be created or written to ({error.strerror}): "
        "choose another folder, or grant this user write access"
    )


def make_private(path: Path) -> None:
    """Remove all permissions of group and others from a file, or from a folder recursively.

    Links in it are not followed, and files of other users stay unchanged.
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
