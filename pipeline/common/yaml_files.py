"""Reads YAML files that a company may edit (`desk/`, `schemas/`) into structs."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def read_form(path: Path, form: type[T], error: Callable[[str], Exception]) -> T:
    """Read and validate a file. Raises `error` with a message that names the file and the field."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=form)
    except OSError as away:
        raise error(f"{path}: cannot be read ({away.strerror})") from None
    except msgspec.DecodeError as wrong:
        reason, _, where = str(wrong).partition(" - at `$.")
        raise error(f"{path}: {where.removesuffix('`') or 'the file'}: {reason}") from None
