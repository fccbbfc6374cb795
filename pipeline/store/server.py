"""A ClickHouse server over its native protocol."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from clickhouse_driver import Client
from clickhouse_driver.errors import (
    ErrorCodes,
    NetworkError,
    PartiallyConsumedQueryError,
    ServerException,
    SocketTimeoutError,
    UnexpectedPacketFromServerError,
)

from pipeline.store.backend import Columns, Parameter, Row, StoreRefused, StoreUnavailable, bind

T = TypeVar("T")

_OVERLOADED = {
    ErrorCodes.TIMEOUT_EXCEEDED,
    ErrorCodes.TOO_MANY_SIMULTANEOUS_QUERIES,
    ErrorCodes.NETWORK_ERROR,
    ErrorCodes.SOCKET_TIMEOUT,
    ErrorCodes.MEMORY_LIMIT_EXCEEDED,
    ErrorCodes.TABLE_IS_READ_ONLY,
    ErrorCodes.TOO_MANY_PARTS,
    ErrorCodes.NO_ZOOKEEPER,
    ErrorCodes.KEEPER_EXCEPTION,
}
"""Transient errors of the server."""

_REFUSED = {
    ErrorCodes.UNKNOWN_USER,
    ErrorCodes.WRONG_PASSWORD,
    ErrorCodes.REQUIRED_PASSWORD,
    516,  # AUTHENTICATION_FAILED, which the driver does not name
    ErrorCodes.DATABASE_ACCESS_DENIED,
    497,  # ACCESS_DENIED, likewise
    ErrorCodes.UNKNOWN_DATABASE,
    ErrorCodes.UNKNOWN_TABLE,
}
"""Errors that persist until somebody corrects the settings or migrates the store."""

_CONNECTION_BROKEN = (
    NetworkError,
    SocketTimeoutError,
    UnexpectedPacketFromServerError,
    PartiallyConsumedQueryError,
    OSError,
    EOFError,
)

SETTINGS = {
    # Statements name every minute of a batch.
    "max_query_size": 100_000_000,
    "max_ast_elements": 10_000_000,
    # A replay of many years writes to more than 100 monthly partitions at once.
    "throw_on_max_partitions_per_insert_block": 0,
}


class ServerBackend:
    """A connection that is opened on first use and reopened after a failure."""

    def __init__(self, host: str, port: int, user: str, password: str, database: str) -> None:
        self._address = f"{host}:{port}"
        self._lock = threading.Lock()
        self._client = Client(
            *(host, port, database, user, password),
            connect_timeout=5,
            send_receive_timeout=60,
            settings=SETTINGS,
        )

    def execute(self, sql: str, parameters: Mapping[str, Parameter] | None = None) -> list[Row]:
        """Run a statement."""
        answer = self._call(lambda: self._client.execute(bind(sql, parameters)))
        return answer if isinstance(answer, list) else []

    def look_up(self, sql: str, names: Sequence[str]) -> list[Row]:
        """Run a statement; the names are sent along as a table."""
        table = {
            "name": "names",
            "structure": [("name", "String")],
            "data": [(name,) for name in names],
        }
        return self._call(lambda: self._client.execute(sql, external_tables=[table]))

    def stream(self, sql: str) -> Iterator[Sequence[Row]]:
        """Run a statement; a chunk has a thousand rows."""
        with self._lock, self._errors():
            yield from self._client.execute_iter(sql, chunk_size=1_000)

    def insert(self, table: str, columns: Columns) -> None:
        """Insert the columns as one native block."""
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES"
        values = [list(column) for column in columns.values()]
        self._call(lambda: self._client.execute(statement, values, columnar=True))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._client.disconnect()

    def _call(self, call: Callable[[], T]) -> T:
        with self._lock, self._errors():
            return call()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate errors of the driver into those of the store."""
        try:
            yield
        except ServerException as error:
            if error.code in _OVERLOADED:
                raise StoreUnavailable(f"ClickHouse at {self._address}: {error}") from error
            if error.code in _REFUSED:
                raise StoreRefused(
                    f"ClickHouse at {self._address} refuses: {_first_line(error)} "
                    "(NABIZ_STORE_URL; create the tables with: nabiz store migrate)"
                ) from error
            raise
        except _CONNECTION_BROKEN as error:
            self._client.disconnect()
            raise StoreUnavailable(f"no ClickHouse at {self._address}: {error}") from error


def create_database(host: str, port: int, user: str, password: str, database: str) -> None:
    """Create the database on the server if it is missing. Raises like the backend."""
    backend = ServerBackend(host, port, user, password, "default")
    try:
        backend.execute(f"CREATE DATABASE IF NOT EXISTS `{database.replace('`', '')}`")
    finally:
        backend.close()


def _first_line(error: ServerException) -> str:
    """Return the first line of the message, without the server's stack trace."""
    return str(error.message).split(" Stack trace")[0].splitlines()[0]
