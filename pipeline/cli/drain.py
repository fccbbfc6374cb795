"""Command drain: wait until all roles have caught up."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from pipeline.broker.lag import LagReader, PartitionLag, wait_until_drained
from pipeline.broker.security import cluster_of
from pipeline.cli.errors import EXIT_NO
from pipeline.cli.target import DataOption, find
from pipeline.common.plurals import counted
from pipeline.contracts.topology import GROUPS, role_of


def drain(
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait.")] = 60.0,
    data: DataOption = None,
) -> None:
    """Wait until every role has caught up and its results are readable.

    Exit code 0: drained; 1: not within the time.
    """
    console = Console(stderr=True)
    reader = LagReader(*cluster_of(find(data).kafka))
    with reader, console.status("waiting …") as line:

        def progress(lags: Sequence[PartitionLag]) -> None:
            behind = sum(lag.events for lag in lags)
            line.update(f"{role_of(lags[0].group)}: {counted(behind, 'message')} to go")

        drained = wait_until_drained(reader, GROUPS, timeout, progress)
    if not drained:
        console.print(f"not drained within {timeout:g} s: see nabiz status", style="yellow")
        raise typer.Exit(EXIT_NO)
