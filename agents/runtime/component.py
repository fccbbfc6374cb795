"""The interface of a role to the runtime, and the order in which a batch is committed.

The order of a commit. Each step waits until the broker, or the store, has confirmed the one before.

1. `handle` works out what a batch leads to, from the states as the batch before left them, and
   nothing is sent. New states are staged: the next batch goes on from them.
2. The effect that it returned runs, the effects of batches one after the other:
   a. Dead letters are published.
   b. States go to the changelog (`StateStore.flush_changelog`). They hold the outputs that follow
      from them, as what is still to be sent.
   c. These outputs are published.
   d. The states go to the local files (`StateStore.write_local`), with the offset up to which the
      changelog is in them. (`follow_up` and `notify` do this before 2c, and once more after it,
      since their states note what was sent.)
3. The batch is acknowledged.
4. The consumer commits the offset up to which all is acknowledged, every `commit_interval`, with a
   note of how far the changelog holds the states that go with it (`continuity.py`).

A worker may end anywhere. Before 2b nothing has happened. From 2b on the next worker recovers the
state from the changelog, is given the batch again, and sends what the state still holds, under the
ids and revisions that it had. From 3 on it may be given the batch again, and finds that the state
has it. `understand`, `triage` and `record` keep no states: what they send or write can be repeated.
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
"""What is still to be awaited to make durable what a batch led to."""


class Component(ABC):
    """A role as the runtime runs it. All but `__init__` is called in one event loop.

    `start`, then `assigned` and `revoked` in turn, as partitions come and go, and `handle` in
    between; `stop` at the end. An exception from any of them ends the process.
    """

    role: ClassVar[Role]
    largest_batch: ClassVar[float] = inf
    """Most messages of a batch, whatever is set (`NABIZ_KAFKA_BATCH_SIZE`)."""

    def __init__(self, settings: Settings, resources: ExitStack) -> None:  # noqa: ARG002
        """Read what the role is set up with; what must be closed at the end goes to `resources`.

        Raises what is for people (`pipeline.cli.exit_codes`) where the role cannot start.
        """
        self.settings = settings

    @property
    def batching(self) -> Batching:
        """How messages become batches."""
        size = int(min(self.largest_batch, self.settings.kafka.batch_size))
        return Batching(fetch=size, size=size)

    def start(self, app: App) -> None:
        """Make what needs the app: states, and what is done every so often."""
        self.app = app

    @abstractmethod
    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Work out what a batch leads to; return what makes that durable."""

    async def assigned(self) -> None:  # noqa: B027 - few need it
        """Go on with the states of partitions that were given to this worker and recovered."""

    async def revoked(self) -> None:  # noqa: B027 - few need it
        """End what is being done with the states: their partitions go to another worker."""

    async def stop(self) -> None:  # noqa: B027 - few need it
        """End what is being done, while messages can still be sent."""
