"""Discards damaged local state files (RocksDB), which are recovered from the changelog."""

import shutil
from pathlib import Path
from typing import Any

import structlog
from faust.types import TP

from pipeline.common import metrics

log = structlog.get_logger(__name__)

_DAMAGE = ("Corruption", "Invalid argument", "No such file")
"""RocksDB's messages about damaged files; a full disk or a lock is no damage."""

TABLES, OLDER_TABLES = "states", "tables"
"""The folder of the files, and that of old releases, whose standbys skipped some records."""


def is_damage(error: Exception) -> bool:
    """Return whether an error of RocksDB means that its files are damaged."""
    return any(word in str(error) for word in _DAMAGE)


def discard(role: str, partition: int, path: Path, why: str) -> None:
    """Remove the local files of a partition; the next recovery reads its whole changelog."""
    metrics.BREACHES.labels(role, "", "local_state").inc()
    log.warning(
        "local states discarded, to be recovered from the changelog",
        partition=partition,
        why=why,
    )
    shutil.rmtree(path, ignore_errors=True)


def discard_older(folder: Path) -> None:
    """Remove the files of old releases, which may lack states of the changelog."""
    shutil.rmtree(folder / OLDER_TABLES, ignore_errors=True)


def discard_unsound(role: str, table: Any, tp: TP, end: int) -> None:
    """Discard the files of a partition of Faust's `table` that do not match its changelog.

    Files that do not open are damaged; files ahead of the changelog, which ends before `end`,
    belong to another one.
    """
    store = table.data
    try:
        offset = store.persisted_offset(tp)
    except Exception as error:
        if not is_damage(error):  # Faust waits for a lock, and ends the process for the rest
            return
        why = str(error)[:200]
    else:
        if offset is None or offset < end:
            return
        why = f"they are at record {offset} of a changelog that ends before {end}"
    store.revoke_partitions(table, {tp})  # RocksDB closes its files
    discard(role, tp.partition, store.partition_path(tp.partition), why)
