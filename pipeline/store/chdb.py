"""The in-process ClickHouse engine (chDB)."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from chdb.session import Session

from pipeline.common.folders import plain_name
from pipeline.common.private_files import make_private_folder, unusable
from pipeline.store.backend import Columns, Parameter, Row, StoreRefused, StoreUnavailable, bind

_ROW_FORMAT, _COLUMN_FORMAT = "JSONCompactEachRow", "JSONCompactColumns"
_ENCODER = msgspec.json.Encoder()
_ROWS = msgspec.json.Decoder(tuple[Any, ...])
_SETTINGS = {
    # Statements name every minute of a batch.
    "max_query_size": 100_000_000,
    # A replay of many years writes to more than 100 monthly partitions at once.
    "max_partitions_per_insert_block": 0,
    "output_format_json_quote_64bit_integers": 0,
    # Short statements take longer to compile than to run.
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    # Each month is a partition.
    "do_not_merge_across_partitions_select_final": 1,
}
_PURE = re.compile(r"(?:--.*\n|\s)*SELECT\b(?!.*\bsystem\.)", re.DOTALL)
"""Statements whose result only changes by a write."""
_KEPT_ANSWERS, _KEPT_ROWS = 16, 100
"""Maximum number of cached results and their rows: `nabiz up` queries every second."""


class ChdbBackend:
    """A folder that belongs to one process; a process has one folder at a time."""

    def __init__(self, path: Path) -> None:
        """Open the folder.

        Raises StoreUnavailable if another process has it, StoreRefused if this user cannot create
        it or write to it.
        """
        try:
            make_private_folder(path)
        except OSError as error:
            raise StoreRefused(f"NABIZ_DATA: the store's folder {unusable(path, error)}") from None
        self._lock = threading.Lock()
        self._answers: dict[str, list[Row]] = {}
        self._session: Any
        try:
            self._session = Session(plain_name(path))  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise StoreUnavailable(
                f"cannot open the store in {path}: another process may have it open ({error})"
            ) from error
        for name, value in _SETTINGS.items():
            self._session.query(f"SET {name} = {value}")
        self._session.query("CREATE TEMPORARY TABLE names (name String) ENGINE = Memory")

    def execute(self, sql: str, parameters: Mapping[str, Parameter] | None = None) -> list[Row]:
        """Run a statement, or return its cached result if nothing was written since."""
        statement = bind(sql, parameters)
        with self._lock:
            if not _PURE.match(statement):
                self._answers.clear()
                return self._query(statement)
            if statement not in self._answers:
                rows = self._query(statement)
                if len(rows) > _KEPT_ROWS or len(self._answers) == _KEPT_ANSWERS:
                    return rows
                self._answers[statement] = rows
            return [*self._answers[statement]]

    def look_up(self, sql: str, names: Sequence[str]) -> list[Row]:
        """Run a statement on a temporary table."""
        with self._lock:
            try:
                self._insert("names", {"name": names})
                return self._query(sql)
            finally:
                self._session.query("TRUNCATE TABLE names")

    def stream(self, sql: str) -> Iterator[Sequence[Row]]:
        """Run a statement; a chunk is a block of the engine."""
        with self._lock, self._session.send_query(sql, _ROW_FORMAT) as answer:
            for piece in answer:
                yield _ROWS.decode_lines(piece.bytes())

    def insert(self, table: str, columns: Columns) -> None:
        """Insert the columns as JSON."""
        with self._lock:
            self._answers.clear()
            self._insert(table, columns)

    def close(self) -> None:
        """Close the folder, so that another process can open it."""
        with self._lock:
            self._session.close()

    def _query(self, sql: str) -> list[Row]:
        return _ROWS.decode_lines(self._session.query(sql, _ROW_FORMAT).bytes())

    def _insert(self, table: str, columns: Columns) -> None:
        statement = f"INSERT INTO {table} ({', '.join(columns)})"
        with self._session.send_insert(statement, _COLUMN_FORMAT) as inserter:
            inserter.append(_ENCODER.encode(list(columns.values())))
            inserter.finish()
