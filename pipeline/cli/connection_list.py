"""Commands connectors list and check: show connections and their errors."""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.board.board_config import load_board_config
from pipeline.broker.errors import BrokerUnavailable
from pipeline.broker.security import cluster_of
from pipeline.cli import show
from pipeline.cli.errors import EXIT_NO
from pipeline.cli.target import DataOption, JsonOption, find
from pipeline.common.plurals import counted
from pipeline.config.settings import Settings, load_settings
from pipeline.connectors.setup.book import MappingBook
from pipeline.connectors.setup.connections import ConnectionBook, open_connections
from pipeline.connectors.watch.traffic import Summary
from pipeline.service.connection_watch import recent


class ListedConnection(msgspec.Struct, frozen=True):
    """A connection; `refused` says why its entry is not in force. Without Kafka, no figures."""

    name: str
    system: str
    refused: str | None
    last_delivery: datetime | None = None
    hour: int | None = None
    day: int | None = None
    refused_day: int | None = None
    silent: bool | None = None


def list_connections(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show each connection: its system, whether it is in force, and its recent traffic.

    Exit code 1 if the file of connections cannot be read.
    """
    settings = find(data)
    book = open_connections(settings.connectors)
    if book.failure:
        Console(stderr=True).print(show.datum(book.failure, "red"), soft_wrap=True)
        raise typer.Exit(EXIT_NO)
    listed = _listed(settings, book)
    if as_json:
        show.as_json(msgspec.json.encode(listed))
    else:
        Console().print(_table(listed))


def _listed(settings: Settings, book: ConnectionBook) -> list[ListedConnection]:
    """Return the connections, with figures where Kafka answers."""
    rows = [
        ListedConnection(name, connection.system, None)
        for name, connection in sorted(book.connections.items())
    ]
    rows += [ListedConnection(name, "", reason) for name, reason in sorted(book.refused.items())]
    if not book.connections:
        return rows
    now = datetime.now(UTC)
    zone = load_board_config(settings.board.file, settings.calendar.file).zone
    try:
        traffic = recent(cluster_of(settings.kafka), now)
    except BrokerUnavailable as error:
        Console(stderr=True).print(show.datum(f"without figures: {error}", "yellow"))
        return rows
    return [_with_figures(row, traffic.summary(row.name, now, zone), now) for row in rows]


def _with_figures(row: ListedConnection, seen: Summary, now: datetime) -> ListedConnection:
    figures = (seen.last, seen.hour, seen.day, seen.refused_day)
    return ListedConnection(row.name, row.system, row.refused, *figures, seen.is_silent(now))


def _table(rows: list[ListedConnection]) -> Table | Text:
    if not rows:
        return Text("no connections; add one: nabiz connectors add")
    table = Table(box=None, pad_edge=False)
    for name in ("connection", "system", "state", "last delivery"):
        table.add_column(name, overflow="fold")
    for name in ("last hour", "last day", "refused"):
        table.add_column(name, justify="right")
    for row in rows:
        last = show.clock(row.last_delivery) if row.last_delivery else "–"
        figures = ("–" if n is None else f"{n:,}" for n in (row.hour, row.day, row.refused_day))
        table.add_row(show.datum(row.name), show.datum(row.system), _state(row), last, *figures)
    return table


def _state(row: ListedConnection) -> Text:
    if row.refused:
        return show.datum(f"refused: {row.refused}", "red")
    return Text("silent for too long", "yellow") if row.silent else Text("ok", "green")


def check_connections() -> None:
    """Report all errors of connections and mappings, with file and line.

    Files of secrets that others than their owner can read count as errors. Exit code 1 on errors.
    """
    settings = load_settings().connectors
    console = Console(stderr=True)
    with console.status("looking at every mapping …"):
        book = open_connections(settings)
        problems = [*book.flaws(), *_of_mappings(book.mappings)]
    problems += [
        f"{_shown(path)}: others than its owner can read this secret: chmod 600 {_shown(path)}"
        for path in book.exposed
    ]
    for problem in dict.fromkeys(problems):
        Console().print(show.datum(problem), soft_wrap=True)
    if problems:
        raise typer.Exit(EXIT_NO)
    connections = counted(len(book.connections), "connection")
    console.print(f"{connections} and {counted(len(book.mappings.systems), 'mapping')}: all well")


def _of_mappings(book: MappingBook) -> list[str]:
    """Return the errors of the mappings of all systems."""
    for system in book.systems:
        book.reload(system)
    return [str(error) for error in book.refused.values()]


def _shown(path: Path) -> str:
    return os.fsencode(path).decode(errors="replace")
