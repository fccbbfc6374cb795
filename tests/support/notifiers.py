"""Runs notifiers on real channels, one worker after the other."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from prometheus_client import REGISTRY
from pydantic import SecretStr

from agents.processors.notifier import Notifier
from agents.runtime.state_store import StateKey
from pipeline.channels.open import open_channels
from pipeline.config.groups import NotifySettings
from pipeline.follow_up.value import FollowUp
from pipeline.model.alert import Alert
from tests.support import state_stores as states
from tests.support.notify_cases import ROUTES, Published, desk

PLACE = StateKey(0, "m-1")
DAY = ROUTES.replace("quiet: night\n", "")
"""Routes without quiet hours, since these tests run at any hour."""


class World(states.World):
    """A killed worker hangs, since a notifier runs tasks of its own."""

    async def live(self) -> None:
        if self.steps_to_live == 0:
            await asyncio.Event().wait()
        await super().live()


class Desk:
    """Notifiers one after the other on the same states, and their clock.

    The clock starts at the real time, which Alertmanager uses.
    """

    def __init__(self, folder: Path, routes: str = DAY, **channels: str) -> None:
        secrets = {name: SecretStr(url) for name, url in channels.items()}
        self.settings = NotifySettings(
            channels=secrets, retry_seconds=0.5, timeout=2, board="http://board/"
        )
        self.desk = desk(folder, routes)
        self.world = World()
        self.published = Published()
        self.now = datetime.now().astimezone().replace(microsecond=0)

    def outbox(self) -> Notifier:
        channels = open_channels(self.settings)
        table = states.Table(self.world)
        made = Notifier(self.desk, channels, table, self.settings, lambda: self.now)
        made.restore()
        return made

    async def through(self, *changes: Alert | FollowUp, outbox: Notifier | None = None) -> Notifier:
        """Apply changes, and return when all due messages have been sent."""
        outbox = outbox or self.outbox()
        await outbox.process({PLACE: self.published(*changes)})
        await outbox.idle()
        return outbox


def count(channel: str, result: str) -> float:
    labels = {"channel": channel, "result": result}
    return REGISTRY.get_sample_value("nabiz_notifications_total", labels) or 0.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)
