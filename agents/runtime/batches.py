"""Reads messages in batches, each acknowledged after its effect."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from heapq import merge
from operator import attrgetter
from typing import Any, TypeAlias

from faust.types import EventT

from agents.runtime.app import App
from agents.runtime.component import Component, Effect
from agents.runtime.crash import crashing
from agents.runtime.liveness import Liveness
from agents.runtime.messages import messages_of
from agents.runtime.transport import RecordsSchema
from pipeline.common import metrics
from pipeline.contracts.topology import INPUTS, URGENT

Fetch: TypeAlias = EventT[Any]

FEW, FEW_WAIT = 50, 4
"""A batch below FEW messages may wait FEW_WAIT times as long, since each batch has a cost."""
_RECEIVED = attrgetter("received_at")


def read_batches(app: App, component: Component, liveness: Liveness) -> None:
    """Pass the messages of a role to its component, in batches.

    Messages that arrive while a batch is handled form the next one. A batch is handled while the
    effect of the previous one is awaited; effects run one after the other. A failure ends the
    process: Faust would acknowledge and continue, whereas a new process receives the batch again.
    """
    role, (_, size, within) = component.role, component.batching

    async def finish(
        stream: Any, fetches: Sequence[Fetch], newest: datetime, effect: Effect
    ) -> None:
        with crashing():
            await effect
            for fetch in fetches:
                await stream.ack(fetch)
            count = sum(len(fetch.value) for fetch in fetches)
            metrics.BATCH_SIZE.labels(role).observe(count)
            metrics.EVENTS.labels(role).inc(count)
            liveness.handled(newest)

    async def work(stream: Any) -> None:
        last: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        last.set_result(None)
        with crashing():
            async with aclosing(batches(stream, size, within)) as taken:
                async for fetches in taken:
                    now = datetime.now(UTC)
                    came = (messages_of(fetch, now) for fetch in fetches)
                    messages = [*merge(*came, key=_RECEIVED)]
                    effect = await component.handle(messages)
                    await asyncio.shield(last)
                    last = asyncio.ensure_future(
                        finish(stream, fetches, messages[-1].received_at, effect)
                    )

    app.agent(app.topic(*INPUTS[role], schema=RecordsSchema()), name=role)(work)


async def batches(stream: Any, size: int, within: float) -> AsyncGenerator[list[Fetch], None]:
    """Yield the fetches since the last batch, unacknowledged.

    A batch is complete with `size` messages; after `within` seconds if it has more than FEW
    messages; or after FEW_WAIT times as long. As much is fetched ahead while the last batch is
    handled. Urgent messages form a batch of their own, before the others. An exception of the
    stream is raised after the fetches before it.
    """
    waiting: list[Fetch] = []
    changed = asyncio.Condition()
    stream.enable_acks = False

    def holds(messages: int) -> bool:
        return sum(len(fetch.value) for fetch in waiting) >= messages

    async def wait_for(messages: int, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await changed.wait_for(lambda: holds(messages) or collecting.done())

    async def collect() -> None:
        try:
            async for _ in stream:
                async with changed:
                    await changed.wait_for(lambda: not holds(size))
                    waiting.append(stream.current_event)
                    changed.notify_all()
        finally:
            async with changed:
                changed.notify_all()

    collecting = asyncio.create_task(collect())
    try:
        while True:
            async with changed:
                await changed.wait_for(lambda: waiting or collecting.done())
                await wait_for(size, within)
                await wait_for(min(FEW, size), (FEW_WAIT - 1) * within)
                urgent = [fetch for fetch in waiting if fetch.message.topic == URGENT]
                others = [fetch for fetch in waiting if fetch.message.topic != URGENT]
                taken, waiting[:] = (urgent, others) if urgent else (others, [])
                changed.notify_all()
            if not taken:
                await collecting
                return
            yield taken
    finally:
        collecting.cancel()
