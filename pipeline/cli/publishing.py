"""Common parts of commands that publish files: reading, publishing, reporting bad lines."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

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
from pipeline.common.plurals import counted
from pipeline.common.time_zones import time_zone
from pipeline.config.groups import KafkaSettings
from pipeline.config.settings import Settings
from pipeline.model.event import Event
from pipeline.sources.files import BadLine
from pipeline.sources.source import Note

SHOWN = 10
"""Most bad lines shown on the terminal; all become dead letters."""


class Gathered(NamedTuple):
    """The content of files."""

    events: list[Event]
    bad: list[BadLine]


def gather(console: Console, items: Iterable[Iterable[Event | BadLine | Note]]) -> Gathered:
    """Read all files, and report how each was read. Raises SourceError."""
    gathered = Gathered([], [])
    with console.status("reading …"):
        for item in chain.from_iterable(items):
            match item:
                case Note():
                    console.print(item.sentence("en"), markup=False, highlight=False)
                case BadLine():
                    gathered.bad.append(item)
                case Event():
                    gathered.events.append(item)
    return gathered


def publish(
    console: Console,
    kafka: KafkaSettings,
    events: Iterable[Event],
    count: int,
    bad: list[BadLine],
) -> None:
    """Publish events, and bad lines as dead letters. Exits with 1 if there were any."""
    now = datetime.now(UTC)
    with Publisher(*cluster_of(kafka)) as publisher, _progress(console) as progress:
        for event in progress.track(events, count, description="publishing"):
            publisher.publish(event)
        for line in bad:
            publisher.refuse(line.letter(now))
    tell_bad(console, bad)
    published = f"{counted(count, 'event')} published"
    if not bad:
        console.print(published)
        return
    became = "is a dead letter" if len(bad) == 1 else "are dead letters"
    console.print(f"{published}, {counted(len(bad), 'bad line')} {became}")
    raise typer.Exit(EXIT_NO)


def tell_bad(console: Console, bad: list[BadLine]) -> None:
    """Show the first bad lines, each with its reason."""
    for line in bad[:SHOWN]:
        console.print(str(line), style="yellow", markup=False, highlight=False)


def zone_of(name: str | None, settings: Settings) -> ZoneInfo:
    """Return a zone by name, by default that of the calendar. Raises UsageError."""
    if name is None:
        return load_board_config(settings.board.file, settings.calendar.file).zone
    try:
        return time_zone(name)
    except ValueError:
        raise UsageError(
            f"--zone {name}: there is no such zone; say one like Europe/Istanbul"
        ) from None


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
