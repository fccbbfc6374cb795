"""Migrates the tables: numbered changes in a folder per table, each applied once, in order."""

import hashlib
import re
import time
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

from pipeline.common.plurals import counted
from pipeline.store.backend import Backend

_FILE = re.compile(r"\d{3}_\w+\.sql")

_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations (name String, hash String, applied_at DateTime('UTC'))
ENGINE = MergeTree ORDER BY name
"""


class MigrationError(Exception):
    """The applied migrations do not match those of this version."""


class Migration(NamedTuple):
    """A change of a table: `name` is `table/NNN_name`."""

    name: str
    sql: str

    @property
    def table(self) -> str:
        """The table, which is the name of the folder."""
        return self.name.partition("/")[0]

    @property
    def hash(self) -> str:
        """The hash that detects a changed file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> list[Migration]:
    """Read the migrations of this version, in order of application."""
    migrations = []
    for folder in (files(__package__) / "migrations").iterdir():
        for file in folder.iterdir():
            if not _FILE.fullmatch(file.name):
                raise MigrationError(f"{folder.name}/{file.name}: not named NNN_name.sql")
            name = f"{folder.name}/{file.name.removesuffix('.sql')}"
            migrations.append(Migration(name, file.read_text("utf-8")))
    return sorted(migrations)


def pending(migrations: Sequence[Migration], done: dict[str, str]) -> list[Migration]:
    """Return the migrations to apply; `done` holds the hashes of applied ones by name.

    Raises MigrationError if an applied one has changed or is unknown, or if one precedes another
    of its table that is already applied.
    """
    by_name = {migration.name: migration for migration in migrations}
    for name, digest in done.items():
        if name not in by_name:
            raise MigrationError(f"{name} is applied but unknown: is this version older?")
        if by_name[name].hash != digest:
            raise MigrationError(f"{name} has changed since it was applied: add a new one instead")
    todo = [m for m in migrations if m.name not in done]
    for migration in todo:
        later = [name for name in done if by_name[name].table == migration.table]
        if any(name > migration.name for name in later):
            raise MigrationError(f"{migration.name} comes before {max(later)}, which is applied")
    return todo


def migrate(backend: Backend, dry_run: bool) -> list[Migration]:
    """Apply the pending migrations and return them; `dry_run` only returns them."""
    todo = pending(shipped(), applied(backend))
    if dry_run:
        return todo
    backend.execute(_RECORD)
    for migration in todo:
        backend.execute(migration.sql)
        record = {"name": migration.name, "hash": migration.hash, "applied_at": int(time.time())}
        backend.insert("schema_migrations", {name: [value] for name, value in record.items()})
    return todo


def lacking(todo: Sequence[Migration]) -> str:
    """Return the message that these migrations have to be applied first."""
    return f"the store lacks {counted(len(todo), 'migration')}: nabiz store migrate"


def applied(backend: Backend) -> dict[str, str]:
    """Return the hash of each applied migration by its name."""
    ((recorded,),) = backend.execute("EXISTS TABLE schema_migrations")
    return dict(backend.execute("SELECT name, hash FROM schema_migrations")) if recorded else {}
