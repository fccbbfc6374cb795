"""Ends the process of a role that cannot go on, before anything unfinished is committed."""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from pipeline.contracts.topology import EXIT_HALT

log = structlog.get_logger(__name__)

EXIT_CRASH = 70
"""Exit code of a role that could not go on (EX_SOFTWARE): its supervisor starts it again."""


class Halt(Exception):  # noqa: N818 - not a fault of this process
    """Continuing or restarting would do harm: a person must intervene first."""


@contextmanager
def crashing() -> Iterator[None]:
    """End the process on an exception."""
    try:
        yield
    except Exception as error:
        crash(error)


def crash(error: BaseException) -> None:
    """End the process at once, so that no offset of the failed batch can be committed.

    Only the start of the error's text is logged: a store quotes whole statements with their data.
    """
    log.critical(
        "role stops",
        error=f"{type(error).__name__}: {first_line(error)}",
        where="".join(traceback.format_tb(error.__traceback__)),
    )
    os._exit(EXIT_HALT if isinstance(error, Halt) else EXIT_CRASH)


def first_line(error: BaseException) -> str:
    """Return the beginning of an error's text, for a log."""
    return str(error).partition("\n")[0][:300]
