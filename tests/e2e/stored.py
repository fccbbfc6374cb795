"""Print what a store in a folder holds; a process of its own, since a process holds one folder.

usage: python -m tests.e2e.stored FOLDER
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.store.backend import Backend
from pipeline.store.rows import EVENT_COLUMNS
from pipeline.store.sql import count_names

WHEN_STORED = ("version", "received_us")
"""Columns in which no two runs agree: when a row was written."""


def content(backend: Backend) -> dict[str, list[Any]]:
    """Return the rows of each table, apart from when they were written, in a fixed order."""
    events = [name for name in EVENT_COLUMNS if name not in WHEN_STORED]
    events.sort(key="event_id".__ne__)  # their id first
    minutes = ("minute", "channel", "touchpoint", "segment", "brand", "source", *count_names())
    alerts = backend.execute("SELECT alert FROM alerts FINAL WHERE state != 'withdrawn'")
    letters = backend.execute("SELECT letter FROM dead_letters FINAL")
    return {
        "events": _rows(backend, events, "events FINAL WHERE is_deleted = 0"),
        "KPI minutes": _rows(backend, minutes, "kpi_minutes FINAL WHERE events > 0"),
        "alerts": sorted((_alert(json.loads(alert)) for (alert,) in alerts), key=json.dumps),
        "dead letters": sorted(_letter(json.loads(letter)) for (letter,) in letters),
    }


def stored(folder: Path) -> dict[str, list[Any]]:
    """Return the content of the in-process store in a folder that no other process has open."""
    command = [sys.executable, "-m", "tests.e2e.stored", str(folder)]
    found: dict[str, list[Any]] = json.loads(subprocess.check_output(command))
    return found


def assert_same(found: dict[str, list[Any]], reference: dict[str, list[Any]]) -> None:
    """Say of each table what is missing and what is too much."""
    for table, expected in reference.items():
        missing = [row for row in expected if row not in found[table]]
        surplus = [row for row in found[table] if row not in expected]
        assert (missing, surplus) == ([], []), table
        assert len(found[table]) == len(expected), table


def _rows(backend: Backend, columns: Any, source: str) -> list[Any]:
    rows = backend.execute(f"SELECT {', '.join(columns)} FROM {source}")
    return sorted([str(cell) for cell in row] for row in rows)


def _alert(alert: dict[str, Any]) -> dict[str, Any]:
    """Leave out how often it was revised, which depends on what came together in a batch."""
    return {name: value for name, value in alert.items() if name != "revision"}


def _letter(letter: dict[str, Any]) -> list[Any]:
    """Leave out where a message was read: one without a key goes to any partition."""
    return [letter["topic"], letter["reason"], letter["payload"], letter["key"] or ""]


if __name__ == "__main__":
    from pipeline.store.chdb import ChdbBackend

    opened = ChdbBackend(Path(sys.argv[1]))
    print(json.dumps(content(opened)))  # noqa: T201
    opened.close()
