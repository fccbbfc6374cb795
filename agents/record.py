"""record: everything that happened into the store, acknowledged when the store confirmed it."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import faust
import structlog
import tenacity

from agents.runtime.app import Effect, make_app, role_agent
from agents.runtime.crash import first_line
from agents.runtime.liveness import Liveness
from agents.runtime.messages import (
    Message,
    decode_as,
    decode_batch,
    read_action,
    read_alert,
    read_follow_up,
    send_dead_letters,
)
from pipeline.access.known_people import known_people
from pipeline.common import metrics
from pipeline.config.settings import Settings
from pipeline.contracts.topology import ACTIONS, ALERTS, DEAD_LETTERS, FOLLOW_UPS, SCORED
from pipeline.follow_up.value import FollowUp
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.reading import Scored
from pipeline.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")

_SCORED, _LETTER = decode_as(Scored), decode_as(DeadLetter)


class Batch(NamedTuple):
    """What a batch of messages holds; `dead` are those that could not be understood."""

    scored: list[Scored]
    alerts: list[Alert]
    actions: list[Action]
    follow_ups: list[FollowUp]
    letters: list[DeadLetter]
    dead: list[DeadLetter]


def record(settings: Settings, store: Store) -> tuple[faust.App, Liveness]:
    """Build the role: what a batch holds, each kind in one write."""
    app = make_app("record", settings)
    knows = known_people(settings.access)
    patiently = tenacity.retry(
        retry=tenacity.retry_if_exception_type(StoreUnavailable),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=10),
        stop=tenacity.stop_after_delay(settings.store.retry_seconds),
        before_sleep=_note_retry,
        reraise=True,
    )

    async def write(kind: str, write_rows: Callable[[Sequence[T]], object], rows: list[T]) -> None:
        if rows:
            with metrics.STORE_INSERT_SECONDS.labels(kind).time():
                await asyncio.to_thread(patiently(write_rows), rows)

    def write_events(scored: Sequence[Scored]) -> None:
        result = store.write_events(scored)
        metrics.DUPLICATES.inc(result.duplicates)

    async def handle(messages: Sequence[Message]) -> Effect:
        return make_durable(await asyncio.to_thread(sort, messages, knows))

    async def make_durable(batch: Batch) -> None:
        await send_dead_letters(app, batch.dead)
        await write("events", write_events, batch.scored)
        await write("alerts", store.write_alerts, batch.alerts)
        await write("actions", store.write_actions, batch.actions)
        await write("follow_ups", store.write_follow_ups, batch.follow_ups)
        await write("dead_letters", store.write_dead_letters, batch.letters)

    size, within = settings.store.batch_size, settings.store.batch_wait
    return app, role_agent(app, "record", settings, handle, size=size, within=within)


def sort(messages: Sequence[Message], knows: Callable[[str], bool] = lambda _: True) -> Batch:
    """Return what the messages hold, and what is nothing that these topics carry.

    `knows` says whether a name may be that of somebody here.
    """
    batch = Batch([], [], [], [], [], [])

    def take(topic: str, decode: Callable[[Message], T]) -> list[T]:
        good, bad = decode_batch(
            [message for message in messages if message.topic == topic], decode
        )
        batch.dead.extend(bad)
        return [one for _, one in good]

    return batch._replace(
        scored=take(SCORED, _SCORED),
        alerts=take(ALERTS, read_alert),
        actions=take(ACTIONS, partial(read_action, knows=knows)),
        follow_ups=take(FOLLOW_UPS, read_follow_up),
        letters=take(DEAD_LETTERS, _LETTER),
    )


def _note_retry(attempt: tenacity.RetryCallState) -> None:
    metrics.STORE_RETRIES.inc()
    error = attempt.outcome.exception() if attempt.outcome else None
    log.warning(
        "store away, trying again",
        attempt=attempt.attempt_number,
        error=first_line(error) if error else None,
    )
