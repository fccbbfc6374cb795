"""replay: files of events, complaints or tweets onto the topics."""

import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

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

from pipeline.broker.publish import Publisher
from pipeline.broker.security import client_security
from pipeline.chain import DEAD_LETTERS
from pipeline.cli.errors import Mistake
from pipeline.cli.target import DataOption, find
from pipeline.dead_letter import DeadLetter
from pipeline.event import Event
from pipeline.privacy import redact_payload
from pipeline.sources.files import BadLine, read, rebase

SHOWN = 10
"""Most bad lines that are quoted on the terminal; all of them are dead letters."""


class Source(StrEnum):
    """Formats that can be replayed."""

    EVENTS = "events"
    SIKAYETVAR = "sikayetvar"
    TWEETS = "tweets"


class Rebase(StrEnum):
    """Where to move the times to."""

    NOW = "now"


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, metavar="FILE...", help="JSON lines or gzip."),
    ],
    source: Annotated[Source, typer.Option(help="Format of the files.")],
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
    data: DataOption = None,
) -> None:
    """Publish the events of files. The same file twice counts nothing twice.

    A bad line becomes a dead letter (nabiz dead-letters); the lines beside it go on.

    Example: nabiz replay complaints.jsonl.gz --source sikayetvar
    """
    factor = _factor(speed)
    kafka = find(data).kafka
    console = Console(stderr=True)
    events: list[Event] = []
    bad: list[BadLine] = []
    with console.status("reading …"):
        for one in (item for path in files for item in read(path, source)):
            bad.append(one) if isinstance(one, BadLine) else events.append(one)
        if rebase_to:
            events = rebase(events, datetime.now(UTC))
    now = datetime.now(UTC)
    publisher = Publisher(kafka.bootstrap, client_security(kafka))
    with publisher, _progress(console) as progress:
        for event in progress.track(_paced(events, factor), len(events), description="publishing"):
            publisher.publish(event)
        for letter in (_dead_letter(line, now) for line in bad):
            publisher.send(DEAD_LETTERS, letter.id.encode(), msgspec.json.encode(letter))
    for line in bad[:SHOWN]:
        console.print(str(line), style="yellow", markup=False, highlight=False)
    console.print(f"{len(events):,} events published, {len(bad):,} bad lines are dead letters")


def _factor(speed: str) -> float | None:
    if speed == "max":
        return None
    try:
        factor = float(speed)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise Mistake(f"--speed {speed}: say a number above 0, or max")
    return factor


def _paced(events: list[Event], factor: float | None) -> Iterable[Event]:
    """In the order of the file at once, or in the order of time, waiting as long as it took."""
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
    """A line is known by its file, its bytes and its number: other files may have the same name."""
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
