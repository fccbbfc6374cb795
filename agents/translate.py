"""translate: deliveries of other systems in, events out. Unmappable ones become dead letters.

Memories are stored by connection, whose deliveries are all in one partition.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import msgspec

from agents.processors.source_api import SourceApi
from agents.processors.translation import Turn
from agents.processors.translation_counts import TranslationCounts
from agents.processors.translator import Translator
from agents.processors.watched_connections import WatchedConnections, demanded_connections
from agents.runtime.app import App
from agents.runtime.component import Component, Effect
from agents.runtime.messages import Message, Outgoing, send, send_dead_letters
from agents.runtime.originals import read_originals
from agents.runtime.state_store import StateStore, partitions_of_states
from pipeline.common import metrics
from pipeline.config.settings import Settings
from pipeline.connectors.sealing import open_seal
from pipeline.contracts.topology import ERASURES, RECEIVED
from pipeline.ingest.decode import encode_event
from pipeline.model.erasure import ErasureRequest
from pipeline.model.event import Event

RELOAD_EVERY, LOOK_EVERY, FORGET_EVERY = 5.0, 1.0, 15.0
"""Seconds between checks of files, of waiting deliveries, and of a part of the memories."""


class Translate(Component):
    """Maps deliveries to events, by the mappings and connections in force."""

    role = "translate"
    largest_batch = 1_000

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._seal = open_seal(settings)
        self._book = demanded_connections(settings.connectors)
        self._partitions = partitions_of_states(settings, self.role)
        self._counts = TranslationCounts()

    def start(self, app: App) -> None:
        """Create the translator; check files, waiting deliveries and old memories regularly."""
        super().start(app)
        now = partial(datetime.now, UTC)
        api = SourceApi(self.settings.translate, now)
        self._translator = Translator(
            self._book,
            self._seal,
            StateStore(app, "customers", self._partitions),
            self.settings.translate,
            self._refuse,
            self._publish,
            api.ask,
            now,
        )
        app.every(RELOAD_EVERY, WatchedConnections(self._book).reload)
        app.every(LOOK_EVERY, self._advance)
        app.every(FORGET_EVERY, self._translator.forget)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Map the deliveries of a batch, after those of the previous one."""
        return self._process(messages)

    async def assigned(self) -> None:
        """Restore the waiting deliveries."""
        await self._translator.restore()

    async def revoked(self) -> None:
        """Cancel look-ups, and forget the waiting deliveries."""
        await self._translator.release()

    async def stop(self) -> None:
        """Cancel look-ups. The HTTP client stays open: a batch may still start one."""
        await self._translator.release()

    async def _process(self, messages: Sequence[Message]) -> None:
        places = {message.replays for message in messages if message.replays}
        if places:
            stored = await read_originals(self.settings.kafka, RECEIVED, places)
            known = (stored.get(one.replays) if one.replays else one for one in messages)
            messages = [*filter(None, known)]
        await self._translator.process(messages)

    async def _refuse(self, turn: Turn) -> None:
        await send_dead_letters(self.app, turn.dead)

    async def _publish(self, turn: Turn) -> None:
        await send(self.app, [*map(outgoing, turn.events), *map(_erasure, turn.erased)])
        self._counts.add(turn.fates)

    async def _advance(self) -> None:
        await self._translator.advance()
        metrics.WAITING.set(self._translator.waiting)


def outgoing(event: Event) -> Outgoing:
    """Return the message of an event, keyed by customer."""
    return Outgoing(event.type.topic, event.customer_id.encode(), encode_event(event))


def _erasure(request: ErasureRequest) -> Outgoing:
    return Outgoing(ERASURES, request.customer_id.encode(), msgspec.json.encode(request))
