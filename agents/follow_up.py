"""follow_up: alerts and what people did about them in, how far each alert is out.

It owns the life of an alert once it is open: SLAs end and escalate here, in event time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import faust
import msgspec

from agents.app import Effect, crashing, make_app, role_agent
from agents.health import Heartbeat
from agents.ledger import Ledger
from agents.messages import (
    CLOUDEVENT,
    Message,
    Outgoing,
    read_action,
    read_alert,
    send,
    send_dead_letters,
    sift,
)
from agents.states import Place, States
from pipeline.action import Action
from pipeline.alert import Alert
from pipeline.chain import ACTIONS, ALERTS, FOLLOW_UPS
from pipeline.dead_letter import DeadLetter
from pipeline.follow_up.case import Arrival
from pipeline.follow_up.sla import Sla
from pipeline.follow_up.value import FollowUpEvent
from pipeline.settings import Settings

LOOK_EVERY = 1.0
"""Seconds between two looks at what the passing of time has changed."""

_READ: Mapping[str, Callable[[Message], Alert | Action]] = {
    ALERTS: read_alert,
    ACTIONS: read_action,
}
_ENCODER = msgspec.json.Encoder()


class Taken(NamedTuple):
    """What a batch holds."""

    arrivals: Mapping[Place, Sequence[Arrival]]
    dead: Sequence[DeadLetter]


def follow_up(settings: Settings, partitions: int, sla: Sla) -> tuple[faust.App, Heartbeat]:
    """Build the role. Order: states confirmed, follow-ups confirmed and that kept, acknowledged."""
    app = make_app("follow_up", settings)

    async def publish(events: Sequence[FollowUpEvent]) -> None:
        await send(app, [outgoing(event) for event in events])

    ledger = Ledger(sla, States(app, "customers", partitions), publish)

    async def handle(messages: Sequence[Message]) -> Effect:
        return make_durable(await asyncio.to_thread(sort, messages))

    async def make_durable(batch: Taken) -> None:
        await send_dead_letters(app, batch.dead)
        await ledger.take(batch.arrivals)

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


def sort(messages: Sequence[Message]) -> Taken:
    """Return what happened by customer, and what is no message of these topics."""
    good, dead = sift(messages, lambda message: _READ[message.topic](message))
    arrivals: defaultdict[Place, list[Arrival]] = defaultdict(list)
    for message, change in good:
        place = Place(message.partition, change.customer_id)
        arrivals[place].append(Arrival(change, message.received_at))
    return Taken(arrivals, dead)


def outgoing(event: FollowUpEvent) -> Outgoing:
    """Return the message that carries a follow-up, keyed by customer."""
    return Outgoing(FOLLOW_UPS, event.subject.encode(), _ENCODER.encode(event), CLOUDEVENT)
