"""A function of expressions, as the compiler sees it."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Function(NamedTuple):
    """A function and its inputs besides the value.

    `arguments` are how many of them may be written. `settings` of the connection are given by
    name, None where they are not set; those in `needs` must be set. `of_columns` is one whose
    arguments are names of columns.
    """

    call: Callable[..., Any]
    arguments: range = range(1)
    settings: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    of_columns: bool = False


def written(value: object) -> str:
    """Return a value as written text. Raises ValueError if it is no text."""
    if isinstance(value, bool | list | dict):
        raise ValueError("is no text")
    return str(value)
