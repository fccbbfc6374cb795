"""Our transport with a handler that does nothing: `python -m benchmarks.subjects.nabiz_noop ROLE`.

The role says which topics are read, and in which consumer group.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any, cast

import faust
import uvloop

from agents.run import run_app
from agents.runtime.app import Effect, make_app, role_agent
from agents.runtime.liveness import Liveness
from pipeline.common.logs import configure_logging
from pipeline.config.settings import Role, Settings, load_settings


async def _handle(_: Sequence[Any]) -> Effect:
    return _nothing()


async def _nothing() -> None:
    """Make nothing durable."""


def noop(role: Role, settings: Settings) -> tuple[faust.App, Liveness]:
    """Build the role."""
    app = make_app(role, settings)
    return app, role_agent(app, role, settings, _handle)


if __name__ == "__main__":
    chosen = cast(Role, sys.argv[1])
    configure_logging(chosen)
    settings = load_settings()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_app(settings, lambda: noop(chosen, settings)))
