"""A function of expressions, as the compiler sees it."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Function(NamedTuple):
    """A function and its inputs besides the value.

    `arguments` are the permitted numbers of arguments. `settings` of the connection are passed by
    name, None if not set; those in `needs` must be set.
    """

    call: Callable[..., Any]
    arguments: range = range(1)
    settings: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def written(value: object) -> str:
    """Return a value as written text. Raises ValueError if it is no text."""
    if isinstance(value, bool | list | dict):
        raise ValueError("is no text")
    return str(value)
