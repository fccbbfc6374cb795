"""A translator whose topics are lists, and which may be killed anywhere."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agents.processors.translation import LookUp, Turn
from agents.processors.translator import Translator
from pipeline.config.connectors import TranslateSettings
from pipeline.connectors.outcome import Answer, Request
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.event import Event
from tests.support import state_stores as states
from tests.support.deliveries import NOON, SEAL


class World(states.World):
    """Also what was published, the API of the source, and the clock on the wall."""

    def __init__(self, connections: ConnectionBook, **settings: Any) -> None:
        super().__init__()
        self.book, self.settings = connections, TranslateSettings(**settings)
        self.turns: list[Turn] = []
        self.dead: list[DeadLetter] = []
        self.api: dict[str, Answer] = {}
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.now = NOON

    def worker(self) -> Translator:
        return Translator(
            self.book,
            SEAL,
            states.Table(self),
            self.settings,
            self.refuse,
            self.publish,
            self.ask,
            lambda: self.now,
        )

    async def refuse(self, turn: Turn) -> None:
        await self.live()
        self.dead += turn.dead

    async def publish(self, turn: Turn) -> None:
        await self.live()
        self.turns.append(turn)

    async def ask(self, wanted: LookUp, until: datetime) -> Mapping[Request, Answer]:
        self.asked.set()
        await self.answers.wait()
        return {request: self.api[request.url] for request in wanted.requests}

    @property
    def events(self) -> list[Event]:
        return [event for turn in self.turns for event in turn.events]

    @property
    def ids(self) -> list[str]:
        return [event.event_id for event in self.events]

    @property
    def kept(self) -> list[str]:
        return sorted(key.customer_id.partition("/")[0] for key in self.states)
