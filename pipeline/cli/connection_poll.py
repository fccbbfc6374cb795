"""Command connectors poll: poll a source at once."""

from typing import Annotated

import msgspec
import typer

from pipeline.broker.publish import Publisher
from pipeline.broker.security import cluster_of
from pipeline.cli.connection_named import connection_named
from pipeline.cli.errors import UsageError
from pipeline.cli.target import DataOption, find
from pipeline.connectors.setup.connections import open_connections
from pipeline.contracts.topology import POLL_REQUESTS
from pipeline.model.poll_request import PollRequest


def poll_connection(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The connection.")],
    data: DataOption = None,
) -> None:
    """Poll a source now, without waiting until it is due."""
    settings = find(data)
    book = open_connections(settings.connectors)
    connection = connection_named(name, book)
    mapping = book.mapping(connection)
    if not mapping.polled(connection):
        lacked = {
            need for poll in mapping.polls.values() for need in mapping.lacked(poll, connection)
        }
        why = f"it lacks {', '.join(sorted(lacked))}" if lacked else "it sends by itself"
        raise UsageError(f"{name} is not asked, {why}: docs/connectors/{connection.system}.md")
    with Publisher(*cluster_of(settings.kafka)) as publisher:
        request = msgspec.json.encode(PollRequest(name))
        publisher.send(POLL_REQUESTS, name.encode(), request)
    typer.echo(f"{name} will be polled: nabiz connectors tail {name} shows its deliveries")
