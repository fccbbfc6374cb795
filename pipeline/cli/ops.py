"""Commands topics and store: administer your own Kafka and ClickHouse."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipeline.broker.security import client_security
from pipeline.broker.topics import apply_topics
from pipeline.cli.target import DataOption, find
from pipeline.common.plurals import counted
from pipeline.config.groups import ROOT
from pipeline.config.settings import load_settings, store_address
from pipeline.contracts.topics import load_topics
from pipeline.contracts.topology import group_of
from pipeline.store.backup import Manifest, read_manifest
from pipeline.store.open import open_store
from pipeline.store.server import create_database
from pipeline.store.supported import unsupported

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")]

READ_AGAIN = timedelta(hours=1)
"""How long before a backup a message may have been written and be missing from it."""

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the backup is.")]

topics = typer.Typer(help="Topics on the configured Kafka.", no_args_is_help=True)
store = typer.Typer(help="Tables in the configured ClickHouse.", no_args_is_help=True)


@topics.command("apply")
def apply(dry_run: DryRun = False, data: DataOption = None) -> None:
    """Create missing topics, add partitions, set differing configs. Nothing is removed."""
    settings = find(data)
    declared = load_topics(ROOT / "schemas").values()
    changes = apply_topics(
        settings.kafka.bootstrap,
        declared,
        replication=settings.kafka.replication,
        dry_run=dry_run,
        security=client_security(settings.kafka),
    )
    for change in changes:
        before = "" if change.before is None else f" (was {change.before})"
        typer.echo(f"{change.topic}: {change.setting} = {change.after}{before}")
    if not changes:
        typer.echo("all topics are as declared")


@store.command("migrate")
def migrate(dry_run: DryRun = False) -> None:
    """Create the database if it is missing, and apply pending migrations in order."""
    settings = load_settings()
    if not dry_run and (address := store_address(settings.store)):
        create_database(**address.model_dump())
    with closing(open_store(settings, with_kpis=False)) as opened:
        if outdated := unsupported(opened.ping()):
            typer.echo(f"warning: {outdated}", err=True)
        applied = opened.migrate(dry_run=dry_run)
    for migration in applied:
        typer.echo(f"{'would apply' if dry_run else 'applied'} {migration.name}")
    if not applied:
        typer.echo("the store is up to date")


@store.command("backup")
def backup(folder: Folder) -> None:
    """Write everything but derived tables into a new folder for `restore`.

    A ClickHouse server may stay in use. The in-process store has one user: stop `nabiz up` first.
    """
    with closing(open_store(load_settings(), with_kpis=False)) as opened:
        made = opened.back_up(folder, datetime.now(UTC))
    typer.echo(f"backed up into {folder}: {_rows(made)}")


@store.command("restore")
def restore(folder: Folder) -> None:
    """Fill an empty store from a backup of either engine, and recompute the KPI minutes.

    Messages after the backup are still in Kafka, but `record` has committed them: before you start
    it, set its consumer group back to the time of the backup. Messages read again count once.
    """
    settings = load_settings()
    read_manifest(folder)
    if address := store_address(settings.store):
        create_database(**address.model_dump())
    with closing(open_store(settings, with_kpis=False)) as opened:
        restored = opened.restore(folder)
    typer.echo(f"restored from {folder}: {_rows(restored)}")
    typer.echo(
        "To read later messages again, before `record` starts: kafka-consumer-groups "
        f"--reset-offsets --group {group_of('record')} --all-topics --execute "
        f"--to-datetime {restored.made_at - READ_AGAIN:%Y-%m-%dT%H:%M:%S.000}"
    )


def _rows(manifest: Manifest) -> str:
    return ", ".join(
        f"{counted(file.rows, 'row')} of {table}" for table, file in manifest.tables.items()
    )
