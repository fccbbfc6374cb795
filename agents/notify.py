"""notify: changes of alerts and of their follow-ups in, messages to people out.

A batch is acknowledged once the states are durable, not once all is sent: what is due follows from
the state, and is sent by the outbox, after a crash too.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import faust

from agents.processors.notifier import Notifier
from agents.runtime.app import Effect, make_app, role_agent
from agents.runtime.grouping import Grouped, group_by_customer
from agents.runtime.liveness import Liveness
from agents.runtime.messages import Message, read_alert, read_follow_up, send_dead_letters
from agents.runtime.state_store import StateStore
from pipeline.channels.channel import Channel
from pipeline.config.settings import Settings
from pipeline.contracts.topology import ALERTS, FOLLOW_UPS
from pipeline.notify.case import Change
from pipeline.notify.routes import RoutingTable

LOOK_EVERY, KEEP_ALIVE_EVERY = 1.0, 60.0
"""Seconds between two looks at what is due, and until open alerts are told Alertmanager again."""


_READ: Mapping[str, Callable[[Message], Change]] = {
    ALERTS: read_alert,
    FOLLOW_UPS: read_follow_up,
}


def notify(
    settings: Settings, partitions: int, desk: RoutingTable, channels: Mapping[str, Channel]
) -> tuple[faust.App, Liveness]:
    """Build the role. Order: states confirmed and kept, then acknowledged; messages meanwhile."""
    app = make_app("notify", settings)
    outbox = Notifier(desk, channels, StateStore(app, "customers", partitions), settings.notify)

    async def handle(messages: Sequence[Message]) -> Effect:
        return make_durable(await asyncio.to_thread(group_by_customer, messages, _READ, partitions))

    async def make_durable(batch: Grouped[Change]) -> None:
        await send_dead_letters(app, batch.dead)
        await outbox.take(batch.changes)

    async def load(_: faust.App, **__: object) -> None:
        outbox.load()
        outbox.look()

    async def settle(_: faust.App, __: object, **___: object) -> None:
        await outbox.settle()

    async def close() -> None:
        await outbox.settle()
        for channel in channels.values():
            await channel.close()

    @app.timer(LOOK_EVERY, name="look")  # type: ignore[untyped-decorator]
    async def look() -> None:
        outbox.look()

    @app.timer(KEEP_ALIVE_EVERY, name="keep-alive")  # type: ignore[untyped-decorator]
    async def keep_alive() -> None:
        await outbox.keep_alive()

    app.on_rebalance_complete.connect(load, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(settle, weak=False)  # type: ignore[arg-type]
    app.settle = close
    return app, role_agent(app, "notify", settings, handle)
