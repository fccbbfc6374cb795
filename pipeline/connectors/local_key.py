"""The key that seals deliveries on one machine, made by `nabiz up` in its data folder."""

from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from pipeline.common.private_files import write_private

LOCAL_KEY: Final = "connectors.key"
"""Name of the key file."""


def make_local_key(folder: Path) -> None:
    """Make the key of a data folder if there is none. Raises OSError."""
    with suppress(FileExistsError):
        write_private(folder / LOCAL_KEY, token_urlsafe(32))
