"""record: events and what follows from them into the store, acknowledged once it confirmed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple, TypeVar

import structlog
import tenacity

from agents.runtime.batching import Batching
from agents.runtime.component import Component, Effect
from agents.runtime.crash import first_line
from agents.runtime.messages import (
    Message,
    data_of,
    decode_as,
    decode_batch,
    read_action,
    read_alert,
    read_case,
    read_follow_up,
    send_dead_letters,
)
from pipeline.access.known_people import known_people
from pipeline.common import metrics
from pipeline.config.settings import Settings, store_address
from pipeline.contracts.topology import ACTIONS, ALERTS, CASES, DEAD_LETTERS, FOLLOW_UPS, SCORED
from pipeline.follow_up.case import Case
from pipeline.follow_up.value import FollowUp
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.reading import Scored
from pipeline.store import Store, StoreRefused, StoreUnavailable
from pipeline.store.migrate import lacking
from pipeline.store.open import open_store

log = structlog.get_logger(__name__)
T = TypeVar("T")

_SCORED, _LETTER = decode_as(Scored), decode_as(DeadLetter)


class Batch(NamedTuple):
    """The decoded messages of a batch; `dead` are those that could not be decoded.

    Alerts, follow-ups and cases are also kept as sent: they may hold fields unknown to this
    version.
    """

    scored: list[Scored]
    alerts: list[Alert]
    actions: list[Action]
    follow_ups: list[FollowUp]
    cases: list[Case]
    letters: list[DeadLetter]
    dead: list[DeadLetter]
    alerts_as_sent: list[bytes]
    follow_ups_as_sent: list[bytes]
    cases_as_sent: list[bytes]


class Record(Component):
    """Writes each kind of a batch to the store in one write.

    With the in-process store, which lives in one process, it also serves the API.
    """

    role = "record"

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._store = _open_store(settings, resources)
        self._knows = known_people(settings.access)
        self._patiently = tenacity.retry(
            retry=tenacity.retry_if_exception_type(StoreUnavailable),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=10),
            stop=tenacity.stop_after_delay(settings.store.retry_seconds),
            before_sleep=_note_retry,
            reraise=True,
        )

    @property
    def batching(self) -> Batching:
        """Few large batches, which suit the store."""
        store = self.settings.store
        return super().batching._replace(size=store.batch_size, within=store.batch_wait)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Decode a batch by kind."""
        return self._make_durable(await asyncio.to_thread(sort, messages, self._knows))

    async def _make_durable(self, batch: Batch) -> None:
        await send_dead_letters(self.app, batch.dead)
        await self._write("events", self._write_events, batch.scored)
        write_alerts = partial(self._store.write_alerts, as_sent=batch.alerts_as_sent)
        write_follow_ups = partial(self._store.write_follow_ups, as_sent=batch.follow_ups_as_sent)
        await self._write("alerts", write_alerts, batch.alerts)
        await self._write("actions", self._store.write_actions, batch.actions)
        await self._write("follow_ups", write_follow_ups, batch.follow_ups)
        write_cases = partial(self._store.write_cases, as_sent=batch.cases_as_sent)
        await self._write("cases", write_cases, batch.cases)
        await self._write("dead_letters", self._store.write_dead_letters, batch.letters)

    def _write_events(self, scored: Sequence[Scored]) -> None:
        metrics.DUPLICATES.inc(self._store.write_events(scored).duplicates)

    async def _write(
        self, kind: str, write_rows: Callable[[Sequence[T]], object], rows: list[T]
    ) -> None:
        if rows:
            with metrics.STORE_INSERT_SECONDS.labels(kind).time():
                await asyncio.to_thread(self._patiently(write_rows), rows)


def _open_store(settings: Settings, resources: ExitStack) -> Store:
    """Open the store; serve the API if it is the in-process one. Raises StoreRefused."""
    serves_api = store_address(settings.store) is None
    store = open_store(settings, with_kpis=serves_api)
    resources.callback(store.close)
    if serves_api:
        from pipeline.web.server import serve_api_in_thread  # pages and all: only where needed

        store.migrate()
        resources.enter_context(serve_api_in_thread(settings, store))
    elif pending := store.migrate(dry_run=True):
        raise StoreRefused(lacking(pending))
    return store


def sort(messages: Sequence[Message], knows: Callable[[str], bool] = lambda _: True) -> Batch:
    """Decode messages by kind; those that cannot be decoded become dead letters.

    `knows` says whether a name may belong to a user.
    """
    dead: list[DeadLetter] = []

    def take(topic: str, decode: Callable[[Message], T]) -> list[T]:
        good, bad = decode_batch(
            [message for message in messages if message.topic == topic], decode
        )
        dead.extend(bad)
        return [value for _, value in good]

    alerts = take(ALERTS, lambda message: (read_alert(message), data_of(message)))
    follow_ups = take(FOLLOW_UPS, lambda message: (read_follow_up(message), data_of(message)))
    cases = take(CASES, lambda message: (read_case(message), data_of(message)))
    return Batch(
        scored=take(SCORED, _SCORED),
        alerts=[alert for alert, _ in alerts],
        actions=take(ACTIONS, partial(read_action, knows=knows)),
        follow_ups=[follow_up for follow_up, _ in follow_ups],
        cases=[case for case, _ in cases],
        letters=take(DEAD_LETTERS, _LETTER),
        dead=dead,
        alerts_as_sent=[data for _, data in alerts],
        follow_ups_as_sent=[data for _, data in follow_ups],
        cases_as_sent=[data for _, data in cases],
    )


def _note_retry(attempt: tenacity.RetryCallState) -> None:
    metrics.STORE_RETRIES.inc()
    error = attempt.outcome.exception() if attempt.outcome else None
    log.warning(
        "store away, trying again",
        attempt=attempt.attempt_number,
        error=first_line(error) if error else None,
    )
