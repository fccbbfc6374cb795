"""Command worker: run one role in its own process, importing only what it needs."""

from typing import Annotated

import typer

from pipeline.cli.limits import bound_arenas
from pipeline.config.settings import STREAM_ROLES, Role, load_settings


def worker(
    role: Annotated[Role, typer.Argument(help=f"{', '.join(STREAM_ROLES)}, receive or api.")],
) -> None:
    """Run one role against the configured Kafka and ClickHouse, until SIGTERM or Ctrl-C.

    Start as many of a role as there are partitions; Kafka shares the work among them.
    """
    bound_arenas()
    from agents.run import run_role

    run_role(role, load_settings())
