"""understand: events in, readings out. Invalid messages become dead letters."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import msgspec

from agents.processors.invalid_limit import InvalidLimit
from agents.reread import SpareTime, with_patience
from agents.runtime.app import App
from agents.runtime.component import Component, Effect
from agents.runtime.messages import Message, Outgoing, decode_batch, send, send_dead_letters
from agents.runtime.spare_time import read_in_spare_time
from pipeline.common import metrics
from pipeline.config.settings import Settings
from pipeline.contracts.topology import HURRIED, SCORED
from pipeline.ingest.decode import decode_event
from pipeline.ingest.privacy import redact_event
from pipeline.ingest.uncounted import EVERYTHING_COUNTS, Uncounted, load_uncounted
from pipeline.ingest.unknown import unknown_choices
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.reading import Scored
from pipeline.text.open import open_engine
from pipeline.text.reader import Reader


class Understand(Component):
    """Decodes, redacts and reads events, and sends them to `cx.scored`.

    Events read in haste go to `cx.hurried` as well, and are read again in spare time.
    """

    role = "understand"

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._reader = Reader(open_engine(settings.engine))
        self._uncounted = load_uncounted(settings.uncounted.file)
        self._patience = settings.engine.patience
        self._spare = SpareTime(self._patience)
        self._limit = InvalidLimit(settings.deadletters)

    def start(self, app: App) -> None:
        """Start reading hurried events again in spare time."""
        super().start(app)
        app.beside(self._reread)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Read the events of a batch. Raises TooManyInvalid."""
        now = datetime.now(UTC)
        with self._spare.taken(waited(messages, now)):
            given = (messages, self._reader, now, self._patience, self._uncounted)
            scored, dead = await asyncio.to_thread(interpret, *given)
        self._limit.check(valid=len(scored), invalid=len(dead) - retried_among(dead, messages))
        return self._send(scored, dead)

    async def _send(self, scored: Sequence[Scored], dead: Sequence[DeadLetter]) -> None:
        with metrics.STAGE_SECONDS.labels("understand", "send").time():
            await send_dead_letters(self.app, dead)
            hurried = [event for event in scored if event.reading and event.reading.hurried]
            again = [outgoing(event, HURRIED) for event in hurried]
            await send(self.app, [*map(outgoing, scored), *again])
        for event in scored:
            for field, _ in unknown_choices(event.event):
                metrics.UNKNOWN_VALUES.labels(field).inc()
        for reading in filter(None, (event.reading for event in scored)):
            metrics.READINGS.labels(reading.engine, reading.label).inc()
        metrics.HURRIED.inc(len(hurried))

    async def _reread(self) -> None:
        kafka = self.settings.kafka
        await read_in_spare_time("reread", kafka, self._spare.come, self._restate)

    async def _restate(self, messages: Sequence[Message]) -> None:
        again, dead = await asyncio.to_thread(with_patience, messages, self._reader)
        await send_dead_letters(self.app, dead)
        await send(self.app, again)
        metrics.REREAD.inc(len(again))


def interpret(
    messages: Sequence[Message],
    reader: Reader,
    now: datetime,
    patience: float,
    uncounted: Uncounted = EVERYTHING_COUNTS,
) -> tuple[list[Scored], list[DeadLetter]]:
    """Decode and redact each message and read its text; pure but for its stage metrics.

    Careful reading may take until the oldest message is `patience` seconds old: in a backlog, no
    time at all.
    """
    with metrics.STAGE_SECONDS.labels("understand", "decode").time():
        good, dead = decode_batch(
            messages,
            lambda message: redact_event(
                decode_event(message.value, message.key, now=message.clock)
            ),
        )
    with metrics.STAGE_SECONDS.labels("understand", "score").time():
        left = max(0.0, patience - waited(messages, now))
        readings = reader.read_events([event for _, event in good], left)
    return [
        Scored(event, reading, message.received_at, uncounted.counts(event))
        for (message, event), reading in zip(good, readings, strict=True)
    ], dead


def waited(messages: Sequence[Message], now: datetime) -> float:
    """Return how old the oldest message is, in seconds by the broker's time."""
    return (now - min((message.received_at for message in messages), default=now)).total_seconds()


def outgoing(scored: Scored, topic: str = SCORED) -> Outgoing:
    """Return the message of a scored event, keyed by customer."""
    return Outgoing(topic, scored.event.customer_id.encode(), msgspec.json.encode(scored))


def retried_among(dead: Sequence[DeadLetter], messages: Sequence[Message]) -> int:
    """Count the dead letters that are retries, which say nothing about the source."""
    retried = {
        (message.topic, message.partition, message.offset)
        for message in messages
        if message.retried
    }
    return sum((letter.topic, letter.partition, letter.offset) in retried for letter in dead)
