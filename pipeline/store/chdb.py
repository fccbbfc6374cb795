"""The ClickHouse engine inside this process."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from chdb.session import Session

from pipeline.store.backend import Parameter, Row, StoreUnavailable, bind

_FORMAT = "JSONCompactEachRow"
_ENCODER = msgspec.json.Encoder()
_ROWS = msgspec.json.Decoder(tuple[Any, ...])
_SETTINGS = {
    # Statements name every event id and minute of a batch.
    "max_query_size": 100_000_000,
    # A replay of many years writes to more than 100 monthly partitions at once.
    "max_partitions_per_insert_block": 0,
    "output_format_json_quote_64bit_integers": 0,
}


class ChdbBackend:
    """One folder, held by one process; a process holds one folder at a time."""

    def __init__(self, path: Path) -> None:
        """Open the folder, or raise StoreUnavailable where another process has it."""
        path.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._session: Any
        try:
            self._session = Session(str(path))  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise StoreUnavailable(
                f"cannot open the store in {path}: another process may have it open ({error})"
            ) from error
        for name, value in _SETTINGS.items():
            self._session.query(f"SET {name} = {value}")

    def execute(self, sql: str, parameters: Mapping[str, Parameter] | None = None) -> list[Row]:
        """Run one statement."""
        with self._lock:
            answer = self._session.query(bind(sql, parameters), _FORMAT).bytes()
        return _ROWS.decode_lines(answer)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows as one block of JSON."""
        statement = f"INSERT INTO {table} ({', '.join(columns)})"
        lines = _ENCODER.encode_lines(rows)
        with self._lock, self._session.send_insert(statement, _FORMAT) as inserter:
            inserter.append(lines)
            inserter.finish()

    def close(self) -> None:
        """Close the folder; another process may open it then."""
        with self._lock:
            self._session.close()
