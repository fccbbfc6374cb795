"""record: everything that happened into the store, acknowledged when the store confirmed it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import faust
import structlog
import tenacity

from agents.app import Effect, first_line, make_app, role_agent
from agents.health import Heartbeat
from agents.messages import Message, decode_as, send_dead_letters, sift
from pipeline import metrics
from pipeline.alert import Alert, CloudEvent
from pipeline.chain import ALERTS, DEAD_LETTERS, SCORED
from pipeline.dead_letter import DeadLetter
from pipeline.reading import Scored
from pipeline.settings import Settings
from pipeline.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")

_SCORED, _ALERT, _LETTER = decode_as(Scored), decode_as(CloudEvent), decode_as(DeadLetter)


def record(settings: Settings, store: Store) -> tuple[faust.App, Heartbeat]:
    """Build the role: events, alerts and dead letters of a batch, each kind in one write."""
    app = make_app("record", settings)
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
        return make_durable(*await asyncio.to_thread(sort, messages))

    async def make_durable(
        scored: list[Scored], alerts: list[Alert], letters: list[DeadLetter], dead: list[DeadLetter]
    ) -> None:
        await send_dead_letters(app, dead)
        await write("events", write_events, scored)
        await write("alerts", store.write_alerts, alerts)
        await write("dead_letters", store.write_dead_letters, letters)

    size, within = settings.store.batch_size, settings.store.batch_wait
    return app, role_agent(app, "record", settings, handle, size=size, within=within)


def sort(
    messages: Sequence[Message],
) -> tuple[list[Scored], list[Alert], list[DeadLetter], list[DeadLetter]]:
    """Return the events, alerts and dead letters among messages, and what is none of these."""
    scored, bad_scored = sift(of_topic(messages, SCORED), _SCORED)
    alerts, bad_alerts = sift(of_topic(messages, ALERTS), _ALERT)
    letters, bad_letters = sift(of_topic(messages, DEAD_LETTERS), _LETTER)
    return (
        [one for _, one in scored],
        [one.data for _, one in alerts],
        [one for _, one in letters],
        [*bad_scored, *bad_alerts, *bad_letters],
    )


def of_topic(messages: Sequence[Message], topic: str) -> list[Message]:
    """Return the messages of one topic, in order."""
    return [message for message in messages if message.topic == topic]


def _note_retry(attempt: tenacity.RetryCallState) -> None:
    metrics.STORE_RETRIES.inc()
    error = attempt.outcome.exception() if attempt.outcome else None
    log.warning(
        "store away, trying again",
        attempt=attempt.attempt_number,
        error=first_line(error) if error else None,
    )
