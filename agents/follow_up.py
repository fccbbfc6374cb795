"""follow_up: alerts and what people did about them in, how far each alert is out.

It owns the life of an alert once it is open: SLAs end and escalate here, in event time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import faust
import msgspec

from agents.processors.follow_up_processor import FollowUpProcessor
from agents.runtime.app import Effect, make_app, role_agent
from agents.runtime.crash import crashing
from agents.runtime.grouping import Grouped, group_by_customer
from agents.runtime.liveness import Liveness
from agents.runtime.messages import (
    CLOUDEVENT,
    Message,
    Outgoing,
    read_action,
    read_alert,
    send,
    send_dead_letters,
)
from agents.runtime.state_store import StateStore
from pipeline.access.known_people import known_people
from pipeline.config.settings import Settings
from pipeline.contracts.topology import ACTIONS, ALERTS, FOLLOW_UPS
from pipeline.follow_up.case import Arrival
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import FollowUpEvent

LOOK_EVERY = 1.0
"""Seconds between two looks at what the passing of time has changed."""

_ENCODER = msgspec.json.Encoder()


def follow_up(settings: Settings, partitions: int, sla: Sla) -> tuple[faust.App, Liveness]:
    """Build the role. Order: states confirmed, follow-ups confirmed and that kept, acknowledged."""
    app = make_app("follow_up", settings)

    async def publish(events: Sequence[FollowUpEvent]) -> None:
        await send(app, [outgoing(event) for event in events])

    knows = known_people(settings.access)
    read: Mapping[str, Callable[[Message], Arrival]] = {
        ALERTS: lambda message: Arrival(read_alert(message), message.received_at),
        ACTIONS: lambda message: Arrival(read_action(message, knows), message.received_at),
    }
    ledger = FollowUpProcessor(sla, StateStore(app, "customers", partitions), publish)

    async def handle(messages: Sequence[Message]) -> Effect:
        return make_durable(await asyncio.to_thread(group_by_customer, messages, read, partitions))

    async def make_durable(batch: Grouped[Arrival]) -> None:
        await send_dead_letters(app, batch.dead)
        await ledger.take(batch.changes)

    async def load(_: faust.App, **__: object) -> None:
        await ledger.load()

    async def leave(_: faust.App, __: object, **___: object) -> None:
        await ledger.leave()

    @app.timer(LOOK_EVERY, name="look")  # type: ignore[untyped-decorator]
    async def look() -> None:
        with crashing():
            await ledger.look()

    app.on_rebalance_complete.connect(load, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(leave, weak=False)  # type: ignore[arg-type]
    return app, role_agent(app, "follow_up", settings, handle)


def outgoing(event: FollowUpEvent) -> Outgoing:
    """Return the message that carries a follow-up, keyed by customer."""
    return Outgoing(FOLLOW_UPS, event.subject.encode(), _ENCODER.encode(event), CLOUDEVENT)
