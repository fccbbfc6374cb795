"""The store: ClickHouse as a server or in the process, behind one contract."""

from pathlib import Path

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendars
from pipeline.model.contact import PAUSES, Pauses
from pipeline.store.backend import Backend, StoreRefused, StoreUnavailable
from pipeline.store.backup import BackupError
from pipeline.store.migrate import Migration, MigrationError
from pipeline.store.store import Store
from pipeline.store.write_events import WriteResult

__all__ = [
    "Backend",
    "BackupError",
    "Migration",
    "MigrationError",
    "Store",
    "StoreRefused",
    "StoreUnavailable",
    "WriteResult",
    "open_chdb",
    "open_server",
]


def open_chdb(
    path: Path, pauses: Pauses = PAUSES, calendars: Calendars = AROUND_THE_CLOCK
) -> Store:
    """Open the store in a folder, with the engine in this process.

    A folder belongs to one process, and a process has one folder at a time; otherwise raises
    StoreUnavailable.
    """
    # The engine is a library of 400 MB, loaded only on use.
    from pipeline.store.chdb import ChdbBackend

    return Store(ChdbBackend(path), pauses, calendars)


def open_server(
    host: str,
    port: int,
    user: str,
    password: str,
    database: str,
    pauses: Pauses = PAUSES,
    calendars: Calendars = AROUND_THE_CLOCK,
) -> Store:
    """Open the store on a ClickHouse server (native protocol); the database must exist.

    It connects on first use.
    """
    from pipeline.store.server import ServerBackend

    return Store(ServerBackend(host, port, user, password, database), pauses, calendars)
