"""The interface of a role to the runtime, and the order in which a batch is committed.

The order of a commit. Each step waits until the broker, or the store, has confirmed the one before.

1. `handle` computes the results of a batch from the states that the previous batch left, without
   sending anything. New states are staged: the next batch starts from them.
2. The effect that it returned runs, the effects of batches one after the other:
   a. Dead letters are published.
   b. States go to the changelog (`StateStore.flush_changelog`). They hold their
      outputs as messages still to be sent.
   c. These outputs are published.
   d. The states go to the local files (`StateStore.write_local`), with the offset up to which the
      changelog is in them. (`follow_up` and `notify` do this before 2c, and once more after it,
      since their states record the messages sent.)
3. The batch is acknowledged.
4. The consumer commits the offset up to which all is acknowledged, every `commit_interval`, with a
   note of how far the changelog holds the states that go with it (`continuity.py`).

A worker may end anywhere. Before 2b nothing has happened. From 2b on the next worker recovers the
state from the changelog, receives the batch again, and sends the outputs that the state still
holds, under the same ids and revisions. From 3 on it may receive the batch again, and finds it in
the state. `understand`, `triage` and `record` keep no states: their outputs can be repeated.
"""

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack
from math import inf
from typing import Any, ClassVar, TypeAlias

from agents.runtime.app import App
from agents.runtime.batching import Batching
from agents.runtime.messages import Message
from pipeline.config.settings import Role, Settings

Effect: TypeAlias = Coroutine[Any, Any, None]
"""The awaitable that makes the results of a batch durable."""


class Component(ABC):
    """A role as the runtime runs it. All but `__init__` is called in one event loop.

    `start` comes first, `stop` last; in between `assigned` and `revoked` alternate as partitions
    come and go, with calls of `handle`. An exception from any of them ends the process.
    """

    role: ClassVar[Role]
    largest_batch: ClassVar[float] = inf
    """Most messages of a batch, even if NABIZ_KAFKA_BATCH_SIZE is larger."""

    def __init__(self, settings: Settings, resources: ExitStack) -> None:  # noqa: ARG002
        """Load the role's configuration; `resources` closes files and connections at the end.

        Raises an error with an exit code (`pipeline.cli.exit_codes`) if the role cannot start.
        """
        self.settings = settings

    @property
    def batching(self) -> Batching:
        """How messages become batches."""
        size = int(min(self.largest_batch, self.settings.kafka.batch_size))
        return Batching(fetch=size, size=size)

    def start(self, app: App) -> None:
        """Create the parts that need the app, such as states and timers."""
        self.app = app

    @abstractmethod
    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Compute the results of a batch; return the effect that makes them durable."""

    async def assigned(self) -> None:  # noqa: B027 - few need it
        """Load the states of newly assigned partitions, once Faust has recovered them."""

    async def revoked(self) -> None:  # noqa: B027 - few need it
        """Finish work on states before another worker takes their partitions."""

    async def stop(self) -> None:  # noqa: B027 - few need it
        """Finish pending work while messages can still be sent."""
