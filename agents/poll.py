"""poll: polls sources that do not send, and publishes their answers to `cx.received`.

The partitions of `cx.poll-requests` share out the connections: a worker polls those whose names
belong to its partitions.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from agents.processors.mailboxes import Mailboxes
from agents.processors.polled import Asked, Source
from agents.processors.poller import Poller
from agents.processors.questions import Questions
from agents.processors.source_api import SourceApi
from agents.processors.watched_connections import WatchedConnections, demanded_connections
from agents.runtime.app import App
from agents.runtime.component import Component, Effect
from agents.runtime.messages import (
    Message,
    Outgoing,
    decode_as,
    decode_batch,
    send,
    send_dead_letters,
)
from agents.runtime.partitioner import partition_of
from agents.runtime.state_store import StateStore, partitions_of_states
from pipeline.config.settings import Settings
from pipeline.connectors.delivery import Delivery
from pipeline.connectors.polls.mailbox import Mailbox
from pipeline.connectors.sealing import open_seal
from pipeline.contracts.topology import POLL_REQUESTS, RECEIVED
from pipeline.model.poll_request import PollRequest

RELOAD_EVERY, LOOK_EVERY = 5.0, 1.0
"""Seconds between checks for changed files, and for due sources."""


class Poll(Component):
    """Polls sources by the mappings and connections in force."""

    role = "poll"

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._seal = open_seal(settings)
        self._book = demanded_connections(settings.connectors)
        self._partitions = partitions_of_states(settings, self.role)

    def start(self, app: App) -> None:
        """Create the poller; reload changed files and poll due sources every few seconds."""
        super().start(app)
        now = partial(datetime.now, UTC)
        self._api = SourceApi(self.settings.translate, now)
        self._questions = Questions(self._api.ask, self._deliver, now)
        self._mailboxes = Mailboxes(self._api.token, self._deliver, now)
        self._poller = Poller(
            self._book,
            StateStore(app, "customers", self._partitions),
            lambda name: partition_of(name.encode(), self._partitions),
            self._ask,
            now,
        )
        app.every(RELOAD_EVERY, WatchedConnections(self._book).reload)
        app.every(LOOK_EVERY, self._poller.advance)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Poll the requested connections at once."""
        return self._ask_at_once(messages)

    async def assigned(self) -> None:
        """Poll the connections of this worker's partitions."""
        assigned = self.app.assignor.assigned_actives()
        self._poller.restore({tp.partition for tp in assigned if tp.topic == POLL_REQUESTS})

    async def revoked(self) -> None:
        """Cancel polls in progress."""
        await self._poller.release()

    async def stop(self) -> None:
        """Cancel polls in progress."""
        await self._poller.release()
        await self._api.close()

    async def _ask_at_once(self, messages: Sequence[Message]) -> None:
        requests, dead = decode_batch(messages, decode_as(PollRequest))
        await send_dead_letters(self.app, dead)
        self._poller.ask_at_once(request.connection for _, request in requests)

    async def _ask(self, source: Source, asked: Asked | None) -> tuple[Asked, bool]:
        asker = self._mailboxes if isinstance(source.poll, Mailbox) else self._questions
        return await asker.ask(source, asked)

    async def _deliver(self, delivery: Delivery) -> None:
        sealed = self._seal.sealed(delivery)
        await send(self.app, [Outgoing(RECEIVED, delivery.connection.encode(), sealed)])
