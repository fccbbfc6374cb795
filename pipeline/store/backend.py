"""What the store asks of a ClickHouse engine."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from clickhouse_driver.util.escape import escape_param

Value = str | int | float
Row = tuple[Any, ...]
Columns = Mapping[str, Sequence[Any]]
"""Values by column name, of equal length; times are epoch seconds, in `*_us` microseconds."""


Parameter = Value | tuple[Value, ...]


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

    def look_up(self, sql: str, names: Sequence[str]) -> list[Row]:
        """Run one statement that reads `names` from the table `names (name String)`.

        As literals in the statement they would take the engine ten times as long.
        """
        ...

    def stream(self, sql: str) -> Iterator[Sequence[Row]]:
        """Run one statement and give its rows in pieces, as many as fit in little memory.

        Nothing else may be asked of this backend until the last piece is read.
        """
        ...

    def insert(self, table: str, columns: Columns) -> None:
        """Insert rows in one block; a column that is left out has its default in all of them."""
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...


def bind(sql: str, parameters: Mapping[str, Parameter] | None) -> str:
    """Put parameters into a statement as literals, by the rules of clickhouse-driver.

    A tuple becomes the right side of IN. Parameters that the server puts in (`{name:Type}`) gain
    nothing: the driver sends quoted literals for them, too, and statements would name each type.
    """
    if not parameters:
        return sql
    return sql % {name: escape_param(value, None) for name, value in parameters.items()}
