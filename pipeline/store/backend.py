"""The contract between the store and a ClickHouse engine."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from clickhouse_driver.util.escape import escape_param

Value = str | int | float
Row = tuple[Any, ...]
Columns = Mapping[str, Sequence[Any]]
"""Values by column, of equal length; times are epoch seconds, microseconds in `*_us`."""


Parameter = Value | tuple[Value, ...]


class StoreUnavailable(Exception):  # noqa: N818 - a state of the store, not a mistake
    """The store is unreachable or overloaded; a later retry may succeed."""


class StoreRefused(Exception):  # noqa: N818 - an answer of the store
    """The store rejects the request: settings are wrong or tables missing, as the message says."""


class Backend(Protocol):
    """A ClickHouse engine. Thread-safe.

    Every method raises `StoreUnavailable` if a retry may help, `StoreRefused` if it will not.
    """

    def execute(self, sql: str, parameters: Mapping[str, Parameter] | None = None) -> list[Row]:
        """Run a statement; `%(name)s` is replaced by the escaped parameter."""
        ...

    def look_up(self, sql: str, names: Sequence[str]) -> list[Row]:
        """Run a statement that reads `names` from the table `names (name String)`.

        Literals in the statement would take ten times as long.
        """
        ...

    def stream(self, sql: str) -> Iterator[Sequence[Row]]:
        """Run a statement and yield its rows in chunks of little memory.

        The backend accepts no other call until the last chunk is read.
        """
        ...

    def insert(self, table: str, columns: Columns) -> None:
        """Insert rows in one block; omitted columns get their defaults."""
        ...

    def close(self) -> None:
        """Release the engine."""
        ...


def bind(sql: str, parameters: Mapping[str, Parameter] | None) -> str:
    """Insert parameters into a statement as literals, by the rules of clickhouse-driver.

    A tuple becomes the right side of IN. Server-side parameters (`{name:Type}`) would gain nothing:
    the driver sends quoted literals for them, too, and statements would have to name each type.
    """
    if not parameters:
        return sql
    return sql % {name: escape_param(value, None) for name, value in parameters.items()}
