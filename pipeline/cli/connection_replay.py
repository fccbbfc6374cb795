"""Command connectors replay: map stored deliveries again by the current mapping."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.broker.security import cluster_of
from pipeline.broker.stored import point_to, stored_since
from pipeline.cli.options import moment_or_span
from pipeline.cli.target import DataOption, find
from pipeline.common.plurals import counted
from pipeline.contracts.topology import RECEIVED


def replay_connection(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The connection.")],
    since: Annotated[
        datetime,
        typer.Option(
            parser=lambda text: moment_or_span(text, datetime.now(UTC)),
            metavar="TIME",
            help="Start, RFC 3339 or how long ago: 90s, 15m, 2h, 7d.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count the deliveries.")] = False,
    data: DataOption = None,
) -> None:
    """Map the deliveries of a connection again, after its mapping was corrected.

    They are kept for 7 days. Repeated events count once; nothing is copied.
    """
    cluster = cluster_of(find(data).kafka)
    places = stored_since(cluster, RECEIVED, name.encode(), since)
    if not dry_run:
        point_to(cluster, RECEIVED, name.encode(), places)
    done = "would be mapped again" if dry_run else "to be mapped again by translate"
    typer.echo(f"{counted(len(places), 'delivery', 'deliveries')} {done}")
