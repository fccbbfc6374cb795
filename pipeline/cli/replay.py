"""Command replay: publish files of events, tables, complaints or tweets."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.errors import UsageError
from pipeline.cli.publishing import gather, publish, zone_of
from pipeline.cli.target import DataOption, find
from pipeline.connectors.files.file_reader import pseudonyms_of
from pipeline.connectors.setup.connections import open_connections
from pipeline.model.event import Event
from pipeline.sources.files import SOURCES, read, rebase


class Source(StrEnum):
    """File formats."""

    EVENTS = "events"
    CSV = "csv"
    SIKAYETVAR = "sikayetvar"
    TWEETS = "tweets"


class Rebase(StrEnum):
    """How to shift event times."""

    NOW = "now"


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, metavar="FILE...", help="Plain or gzip."),
    ],
    source: Annotated[
        Source,
        typer.Option(help="Format of the files: CSV tables, or one of those of JSON lines."),
    ],
    speed: Annotated[
        str, typer.Option(metavar="N|max", help="N times as fast as it happened, or max.")
    ] = "max",
    rebase_to: Annotated[
        Rebase | None,
        typer.Option(
            "--rebase",
            help="Move all times so that the newest event happens now. Events that are stored "
            "already, as from an earlier replay, keep the times they have.",
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="Of the times in a table that have no offset. Default: that of the calendar.",
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Publish the events of files. Replaying a file twice counts nothing twice.

    A bad line becomes a dead letter (nabiz dead-letters); the others are published, and the exit
    code is 1.

    Example: nabiz replay survey.csv --source csv
    """
    factor = _factor(speed)
    settings = find(data)
    local = zone_of(zone, settings)
    console = Console(stderr=True)
    pseudonyms = pseudonyms_of(open_connections(settings.connectors))
    items = (read(path, SOURCES[source], local, pseudonyms) for path in files)
    events, bad = gather(console, items)
    if rebase_to:
        events = rebase(events, datetime.now(UTC))
    publish(console, settings.kafka, _paced(events, factor), len(events), bad)


def _factor(speed: str) -> float | None:
    if speed == "max":
        return None
    try:
        factor = float(speed)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise UsageError(f"--speed {speed}: say a number above 0, or max")
    return factor


def _paced(events: list[Event], factor: float | None) -> Iterable[Event]:
    """Publish at once in file order, or in event time with the original pauses."""
    if factor is None:
        return events
    return _waiting(sorted(events, key=lambda event: event.occurred_at), factor)


def _waiting(events: list[Event], factor: float) -> Iterator[Event]:
    begun = time.monotonic()
    for event in events:
        due = (event.occurred_at - events[0].occurred_at).total_seconds() / factor
        time.sleep(max(0.0, begun + due - time.monotonic()))
        yield event
