"""Command replay: publish files of events, tables, complaints or tweets."""

import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from pipeline.board.board_config import load_board_config
from pipeline.broker.publish import Publisher
from pipeline.broker.security import cluster_of
from pipeline.cli.errors import EXIT_NO, UsageError
from pipeline.cli.target import DataOption, find
from pipeline.common.plurals import counted
from pipeline.common.time_zones import time_zone
from pipeline.config.settings import Settings
from pipeline.contracts.topology import DEAD_LETTERS
from pipeline.ingest.privacy import redact_payload
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event
from pipeline.sources.files import BadLine, read, rebase
from pipeline.sources.source import Note

SHOWN = 10
"""Most bad lines shown on the terminal; all become dead letters."""


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

    A bad line becomes a dead letter (nabiz dead-letters); the lines beside it go on.
    Where there was one, the exit code is 1.

    Example: nabiz replay survey.csv --source csv
    """
    factor = _factor(speed)
    settings = find(data)
    kafka, local = settings.kafka, _zone(zone, settings)
    console = Console(stderr=True)
    events: list[Event] = []
    bad: list[BadLine] = []
    with console.status("reading …"):
        for item in (item for path in files for item in read(path, source, local)):
            match item:
                case Note():
                    console.print(item.sentence, markup=False, highlight=False)
                case BadLine():
                    bad.append(item)
                case Event():
                    events.append(item)
        if rebase_to:
            events = rebase(events, datetime.now(UTC))
    now = datetime.now(UTC)
    publisher = Publisher(*cluster_of(kafka))
    with publisher, _progress(console) as progress:
        for event in progress.track(_paced(events, factor), len(events), description="publishing"):
            publisher.publish(event)
        for letter in (_dead_letter(line, now) for line in bad):
            publisher.send(DEAD_LETTERS, letter.id.encode(), msgspec.json.encode(letter))
    for line in bad[:SHOWN]:
        console.print(str(line), style="yellow", markup=False, highlight=False)
    published = f"{counted(len(events), 'event')} published"
    if not bad:
        console.print(published)
        return
    became = "is a dead letter" if len(bad) == 1 else "are dead letters"
    console.print(f"{published}, {counted(len(bad), 'bad line')} {became}")
    raise typer.Exit(EXIT_NO)


def _zone(name: str | None, settings: Settings) -> ZoneInfo:
    if name is None:
        return load_board_config(settings.board.file, settings.calendar.file).zone
    try:
        return time_zone(name)
    except ValueError:
        raise UsageError(
            f"--zone {name}: there is no such zone; say one like Europe/Istanbul"
        ) from None


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


def _dead_letter(bad: BadLine, now: datetime) -> DeadLetter:
    """Return the dead letter's identity: file, bytes and line number, since names may repeat."""
    return DeadLetter(
        topic=f"file:{bad.file.name}",
        partition=zlib.crc32(bad.raw),
        offset=bad.line,
        reason=bad.reason,
        sentence=bad.sentence,
        payload=redact_payload(bad.raw),
        key=None,
        received_at=now,
    )


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
