"""Command connectors tail: show the deliveries of a connection and their results."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from pipeline.broker.security import cluster_of
from pipeline.cli import show
from pipeline.cli.connection_named import connection_named
from pipeline.cli.target import DataOption, JsonOption, find
from pipeline.connectors.sealing import Seal, open_seal
from pipeline.connectors.setup.connections import ConnectionBook, open_connections
from pipeline.connectors.watch.preview import Preview, Remark, previewed
from pipeline.connectors.watch.traffic import connection_of_message
from pipeline.contracts.topology import RECEIVED
from pipeline.model.dead_letter import Invalid
from pipeline.service.connection_watch import follow

STYLES = {"refused": "red", "unmapped": "yellow", "missed": "yellow"}
MOST = 5_000
"""Newest messages of a partition that are searched for the connection's last ones."""
LONGEST = 2_000


def tail_connection(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The connection.")],
    last: Annotated[int, typer.Option(min=0, help="Stored deliveries to show first.")] = 5,
    follows: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Continue until Ctrl-C.")
    ] = True,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show deliveries as they arrive, with personal data masked, and the results of each.

    Nothing is looked up or remembered here: results that depend on either are only named.
    """
    settings = find(data)
    book, seal = open_connections(settings.connectors), open_seal(settings)
    connection_named(name, book)
    first: deque[bytes] = deque(maxlen=last)
    with (
        suppress(KeyboardInterrupt),
        follow(cluster_of(settings.kafka), datetime.now(UTC), MOST) as tail,
    ):
        while not tail.is_through:
            first.extend(_of(name, tail.read(1.0)))
        for sealed in first:
            _print(sealed, seal, book, as_json=as_json)
        while follows:
            for sealed in _of(name, tail.read(1.0)):
                book.reload()
                _print(sealed, seal, book, as_json=as_json)


def _of(name: str, messages: list[tuple[str, bytes]]) -> Iterator[bytes]:
    for topic, value in messages:
        if topic == RECEIVED and connection_of_message(value) == name:
            yield value


def _print(sealed: bytes, seal: Seal, book: ConnectionBook, *, as_json: bool) -> None:
    try:
        preview = previewed(sealed, seal, book)
    except Invalid as invalid:
        Console(stderr=True).print(show.datum(invalid.detail, "red"))
        return
    if as_json:
        show.as_json(msgspec.json.encode(preview))
        return
    Console().print(Text("\n").join(_lines(preview)), soft_wrap=True)


def _lines(preview: Preview) -> Iterator[Text]:
    yield show.datum(f"{show.clock(preview.received_at)}  {preview.payload[:LONGEST]}", "bold")
    for event in preview.events:
        yield Text("  ").append(show.event_line(event))
    for remark in preview.remarks:
        yield Text("  ").append(show.datum(_told(remark), STYLES.get(remark.kind, "dim")))


def _told(remark: Remark) -> str:
    parts = (f"{remark.kind}: {remark.text}", remark.sentence, remark.place)
    return " – ".join(filter(None, parts))
