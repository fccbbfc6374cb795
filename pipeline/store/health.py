"""Inspects a ClickHouse server, read-only."""

import time

import msgspec
from clickhouse_driver.errors import ServerException

from pipeline.store.backend import Backend, StoreRefused
from pipeline.store.migrate import migrate, shipped


class Disk(msgspec.Struct, frozen=True):
    """A disk of the server, in bytes."""

    name: str
    free: int
    total: int


class StoreFacts(msgspec.Struct, frozen=True):
    """A server: `clock_ahead` of ours in seconds (precision 1 s), and obstacles to writes.

    `pending` are migrations to apply, `refused` holds by table why it accepts no rows. `disks` is
    empty if the user may not read `system.disks`.
    """

    version: str
    clock_ahead: float
    pending: tuple[str, ...]
    refused: dict[str, str]
    disks: tuple[Disk, ...]


def inspect_store(backend: Backend) -> StoreFacts:
    """Query the server.

    Raises StoreUnavailable, StoreRefused, and MigrationError as `Store.migrate` does.
    """
    started = time.time()
    [[version, clock]] = backend.execute("SELECT version(), toUnixTimestamp(now())")
    now = (started + time.time()) / 2
    pending = tuple(migration.name for migration in migrate(backend, dry_run=True))
    tables = sorted({migration.table for migration in shipped()})
    reasons = {table: _refusal(backend, table) for table in tables}
    return StoreFacts(
        version=version,
        clock_ahead=clock + 0.5 - now,  # it returns whole seconds
        pending=pending,
        refused={table: reason for table, reason in reasons.items() if reason},
        disks=_disks(backend),
    )


def _refusal(backend: Backend, table: str) -> str:
    """Return why the table accepts no rows, or "": an empty insert checks every permission."""
    ((exists,),) = backend.execute(f"EXISTS TABLE {table}")
    if not exists:
        return ""  # a migration creates it
    try:
        backend.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE 0")
    except StoreRefused as error:
        return str(error)
    except ServerException as error:
        return str(error.message).partition(" Stack trace")[0]
    return ""


def _disks(backend: Backend) -> tuple[Disk, ...]:
    try:
        rows = backend.execute("SELECT name, free_space, total_space FROM system.disks")
    except StoreRefused:
        return ()
    return tuple(Disk(*row) for row in rows)
