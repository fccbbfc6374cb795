"""Backs up and restores the tables that cannot be derived, across engines.

A backup is a folder with a file per table (gzip, each line a row as a JSON array) and a
`manifest.json`, written last: without it the backup is incomplete. The index of events, timelines
and KPI minutes are left out; a restore derives them.
"""

import gzip
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from pipeline.common.plurals import counted
from pipeline.common.private_files import make_private
from pipeline.store.audit_trail import AUDIT_COLUMNS
from pipeline.store.backend import Backend, Row
from pipeline.store.cases import CASE_COLUMNS
from pipeline.store.follow_ups import ACTION_COLUMNS, FOLLOW_UP_COLUMNS
from pipeline.store.migrate import applied, lacking, migrate, shipped
from pipeline.store.rows import (
    ALERT_COLUMNS,
    DEAD_LETTER_COLUMNS,
    EVENT_COLUMNS,
    by_column,
)
from pipeline.store.sql import query
from pipeline.store.write_events import recompute

MANIFEST = "manifest.json"
FORMAT = 1
TABLES = {
    "events": EVENT_COLUMNS,
    "alerts": ALERT_COLUMNS,
    "dead_letters": (*DEAD_LETTER_COLUMNS, "stored_at"),
    "audit": AUDIT_COLUMNS,
    "follow_ups": FOLLOW_UP_COLUMNS,
    "cases": CASE_COLUMNS,
    "alert_actions": ACTION_COLUMNS,
}
_TIMES = ("minute", "received_at", "stored_at")
"""Columns of type DateTime, written as epoch seconds."""

_ROWS_AT_ONCE = 20_000
_MINUTES_AT_ONCE = 1_000

_ENCODER = msgspec.json.Encoder()
_ROW = msgspec.json.Decoder(tuple)


class BackupError(Exception):
    """The folder or the store is not suitable; the message says what to do."""


class TableFile(msgspec.Struct, frozen=True):
    """A file of a backup: its columns in order, number of rows, and SHA-256."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """The contents of a backup. `migrations` are those of the source store."""

    format: int
    made_at: datetime
    engine: str
    migrations: tuple[str, ...]
    tables: dict[str, TableFile]


def back_up(backend: Backend, folder: Path, now: datetime) -> Manifest:
    """Write the store into a new or empty folder.

    Tables are read one after the other, each at one moment, the events last. Only the owner may
    read the backup. Raises BackupError if the folder is not empty or cannot be written, or if a
    table lacks a migration.
    """
    with _on_disk(folder, "written"):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BackupError(f"{folder} is not an empty folder: choose another one")
        if pending := migrate(backend, dry_run=True):
            raise BackupError(lacking(pending))
        folder.mkdir(parents=True, exist_ok=True)
        make_private(folder)
        manifest = Manifest(
            format=FORMAT,
            made_at=now,
            engine=str(backend.execute("SELECT version()")[0][0]),
            migrations=tuple(sorted(applied(backend))),
            tables={table: _write_table(backend, folder, table) for table in reversed(TABLES)},
        )
        draft = folder / f"{MANIFEST}.new"
        draft.write_bytes(msgspec.json.format(_ENCODER.encode(manifest)))
        draft.replace(folder / MANIFEST)
        make_private(folder)
    return manifest


def restore(backend: Backend, folder: Path) -> Manifest:
    """Fill an empty store and compute its KPI minutes.

    Raises BackupError before writing anything if the backup is incomplete or of a newer Nabız, or
    the store is not empty; and afterwards if the store does not hold every row.
    """
    manifest = read_manifest(folder)
    migrate(backend, dry_run=False)
    if any(backend.execute(f"SELECT 1 FROM {table} LIMIT 1") for table in TABLES):
        raise BackupError(
            "the store is not empty: restore into a new database or data folder "
            "(what an interrupted restore left behind is to be deleted first)"
        )
    with _on_disk(folder, "read"):
        for table, file in manifest.tables.items():
            _read_table(backend, folder, table, file)
    backend.execute(query("index_events"))
    stored = backend.execute("SELECT DISTINCT toUnixTimestamp(minute) AS m FROM events ORDER BY m")
    minutes = iter(minute for (minute,) in stored)
    while some := tuple(islice(minutes, _MINUTES_AT_ONCE)):
        recompute(backend, some)
    for table, file in manifest.tables.items():
        ((rows,),) = backend.execute(f"SELECT count() FROM {table} FINAL")
        if rows != file.rows and table != "dead_letters":  # old ones expire
            raise BackupError(f"{table}: {counted(rows, 'row')} stored, the backup has {file.rows}")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup after verifying its files.

    Raises BackupError if a file is missing or changed, or if a newer Nabız made the backup.
    """
    with _on_disk(folder, "read"):
        manifest = _manifest(folder)
        for file in manifest.tables.values():
            path = folder / file.name
            if not path.is_file() or _sha256(path) != file.sha256:
                raise BackupError(
                    f"{path} is missing or has changed since the backup (SHA-256 differs)"
                )
    return manifest


def _manifest(folder: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(
            f"{folder} holds no complete backup: {MANIFEST} is missing, as after an interruption"
        ) from None
    except msgspec.DecodeError as error:
        raise BackupError(f"{folder / MANIFEST} is not the manifest of a backup: {error}") from None
    unknown = sorted(set(manifest.migrations) - {migration.name for migration in shipped()})
    if manifest.format > FORMAT or unknown:
        what = f"migration {unknown[0]}" if unknown else f"format {manifest.format}"
        raise BackupError(f"{folder} was made by a newer Nabız ({what}): update this one first")
    return manifest


@contextmanager
def _on_disk(folder: Path, done: str) -> Iterator[None]:
    """Raise errors of files as BackupError; backends raise no OSError."""
    try:
        yield
    except OSError as error:
        raise BackupError(
            f"{error.filename or folder} cannot be {done} ({error.strerror or error}): check its "
            "permissions and free space, or choose another folder"
        ) from None


def _write_table(backend: Backend, folder: Path, table: str) -> TableFile:
    columns = TABLES[table]
    chosen = ", ".join(f"toUnixTimestamp({c})" if c in _TIMES else c for c in columns)
    path, count = folder / f"{table}.jsonl.gz", 0
    with path.open("wb") as raw:
        with gzip.open(raw, "wb", compresslevel=1) as lines:
            for rows in backend.stream(f"SELECT {chosen} FROM {table} FINAL"):
                lines.write(_ENCODER.encode_lines(rows))
                count += len(rows)
        raw.flush()
        os.fsync(raw.fileno())
    return TableFile(path.name, columns, count, _sha256(path))


def _read_table(backend: Backend, folder: Path, table: str, file: TableFile) -> None:
    for rows in _pieces(folder / file.name):
        backend.insert(table, by_column(file.columns, rows))


def _pieces(path: Path) -> Iterator[Sequence[Row]]:
    with gzip.open(path, "rb") as lines:
        rows = (_ROW.decode(line) for line in lines)
        while piece := list(islice(rows, _ROWS_AT_ONCE)):
            yield piece


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
