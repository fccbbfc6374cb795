"""Command import: publish the events in files that other systems export."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli import show
from pipeline.cli.errors import EXIT_NO
from pipeline.cli.publishing import gather, publish, tell_bad, zone_of
from pipeline.cli.target import DataOption, find
from pipeline.common.plurals import counted
from pipeline.connectors.files.file_reader import pseudonyms_of, reader_of
from pipeline.connectors.setup.connections import open_connections
from pipeline.ingest.privacy import redact_event
from pipeline.sources.files import read

FIRST = 5
"""Events that a dry run shows."""


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            dir_okay=False,
            metavar="FILE...",
            help="CSV, TSV, workbooks (.xlsx, .xls, .ods) or JSON lines, plain or gzip.",
        ),
    ],
    as_: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME",
            help="The connection or system of the files (nabiz connectors list). "
            "Default: columns are known by their names.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the first events and the refused rows.")
    ] = False,
    zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="Zone of times without an offset. Default: that of the calendar."
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Publish the events in exported files. Importing a file twice counts nothing twice.

    A refused row becomes a dead letter, the others are published, and the exit code is 1.

    Examples: nabiz import yanitlar.xlsx --dry-run; nabiz import cdr.csv --as santral
    """
    settings = find(data)
    console = Console(stderr=True)
    ignored: Counter[str] = Counter()
    book = open_connections(settings.connectors)
    source = reader_of(as_ or "", book, datetime.now(UTC), lambda reason: ignored.update([reason]))
    local, pseudonyms = zone_of(zone, settings), pseudonyms_of(book)
    events, bad = gather(console, (read(path, source, local, pseudonyms) for path in files))
    for reason, count in ignored.most_common():
        console.print(f"{counted(count, 'row')} ignored: {reason}", markup=False, highlight=False)
    if not dry_run:
        publish(console, settings.kafka, events, len(events), bad)
        return
    for event in events[:FIRST]:
        Console().print(show.event_line(redact_event(event)), soft_wrap=True)
    tell_bad(console, bad)
    refused = f", {counted(len(bad), 'row')} refused" if bad else ""
    console.print(f"{counted(len(events), 'event')}{refused}; nothing was published")
    if bad:
        raise typer.Exit(EXIT_NO)
