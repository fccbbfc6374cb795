"""What the store asks of a ClickHouse engine."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from clickhouse_driver.util.escape import escape_param

Value = str | int | float
Parameter = Value | tuple[Value, ...]
Row = tuple[Any, ...]


class StoreUnavailable(Exception):  # noqa: N818 - the store is away; nothing is wrong with the call
    """The store cannot be reached or is overloaded: wait and try again."""


class StoreRefused(Exception):  # noqa: N818 - an answer of the store
    """Settings are wrong or tables are missing; the message says which."""


class Backend(Protocol):
    """A ClickHouse engine; may be used from several threads.

    Every method raises `StoreUnavailable` where waiting may help, `StoreRefused` where it will not.
    """

    def execute(self, sql: str, parameters: Mapping[str, Parameter] | None = None) -> list[Row]:
        """Run one statement; `%(name)s` in it is replaced by the escaped parameter."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows in one block; times are epoch seconds."""
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...


def bind(sql: str, parameters: Mapping[str, Parameter] | None) -> str:
    """Put parameters into a statement as literals, by the rules of clickhouse-driver.

    Server-side parameters would need ClickHouse 22.8. A tuple becomes the right side of IN.
    """
    if not parameters:
        return sql
    return sql % {name: escape_param(value, None) for name, value in parameters.items()}
