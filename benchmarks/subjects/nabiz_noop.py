"""Our transport with a handler that does nothing: `python -m benchmarks.subjects.nabiz_noop ROLE`.

The role determines topics and consumer group.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, cast

from agents.runtime.component import Component, Effect
from agents.runtime.process import run_process
from pipeline.common.logs import configure_logging
from pipeline.config.settings import Role, load_settings


class Noop(Component):
    """Ignores all messages."""

    async def handle(self, messages: Sequence[Any]) -> Effect:  # noqa: ARG002
        """Do nothing with a batch."""
        return _nothing()


async def _nothing() -> None:
    """Make nothing durable."""


if __name__ == "__main__":
    Noop.role = cast(Role, sys.argv[1])
    configure_logging(Noop.role)
    run_process(Noop(load_settings(), ExitStack()))
