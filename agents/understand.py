"""understand: events in, readings out. What cannot be understood becomes a dead letter."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

import faust
import msgspec

from agents.reread import SpareTime, read_again, with_patience
from agents.runtime.app import Effect, make_app, role_agent
from agents.runtime.crash import Halt, crashing
from agents.runtime.liveness import Liveness
from agents.runtime.messages import Message, Outgoing, decode_batch, send, send_dead_letters
from pipeline.common import metrics
from pipeline.config.groups import DeadLetterSettings
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


class TooManyInvalid(Halt):
    """So many messages are invalid that the source or our schema is wrong, not the messages."""


def understand(settings: Settings) -> tuple[faust.App, Liveness]:
    """Build the role: decode, redact, read, send to `cx.scored`, then acknowledge.

    What was read in haste goes to `cx.hurried` as well, and is read again beside it.
    """
    app = make_app("understand", settings)
    reader = Reader(open_engine(settings.engine))
    uncounted = load_uncounted(settings.uncounted.file)
    patience = settings.engine.patience
    limit = InvalidLimit(settings.deadletters)

    spare = SpareTime(patience)

    async def handle(messages: Sequence[Message]) -> Effect:
        now = datetime.now(UTC)
        with spare.taken(waited(messages, now)):
            given = (messages, reader, now, patience, uncounted)
            scored, dead = await asyncio.to_thread(interpret, *given)
        limit.check(valid=len(scored), invalid=len(dead) - retried_among(dead, messages))
        return make_durable(scored, dead)

    async def make_durable(scored: Sequence[Scored], dead: Sequence[DeadLetter]) -> None:
        with metrics.STAGE_SECONDS.labels("understand", "send").time():
            await send_dead_letters(app, dead)
            hurried = [one for one in scored if one.reading and one.reading.hurried]
            again = [outgoing(one, HURRIED) for one in hurried]
            await send(app, [*map(outgoing, scored), *again])
        for one in scored:
            for field, _ in unknown_choices(one.event):
                metrics.UNKNOWN_VALUES.labels(field).inc()
        for reading in filter(None, (one.reading for one in scored)):
            metrics.READINGS.labels(reading.engine, reading.label).inc()
        metrics.HURRIED.inc(len(hurried))

    async def restate(messages: Sequence[Message]) -> None:
        again, dead = await asyncio.to_thread(with_patience, messages, reader)
        await send_dead_letters(app, dead)
        await send(app, again)
        metrics.REREAD.inc(len(again))

    @app.task  # type: ignore[untyped-decorator]
    async def reread() -> None:
        with crashing():
            await read_again(settings.kafka, spare, restate)

    return app, role_agent(app, "understand", settings, handle)


def interpret(
    messages: Sequence[Message],
    reader: Reader,
    now: datetime,
    patience: float,
    uncounted: Uncounted = EVERYTHING_COUNTS,
) -> tuple[list[Scored], list[DeadLetter]]:
    """Decode and redact each message and read its text; pure but for its stage metrics.

    A careful reading has the time until the oldest message is `patience` seconds old: none of a
    backlog.
    """
    with metrics.STAGE_SECONDS.labels("understand", "decode").time():
        good, dead = decode_batch(
            messages,
            lambda one: redact_event(decode_event(one.value, one.key, now=one.clock)),
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
    return (now - min((one.received_at for one in messages), default=now)).total_seconds()


def outgoing(scored: Scored, topic: str = SCORED) -> Outgoing:
    """Return the message of an event that was read, keyed by customer."""
    return Outgoing(topic, scored.event.customer_id.encode(), msgspec.json.encode(scored))


def retried_among(dead: Sequence[DeadLetter], messages: Sequence[Message]) -> int:
    """Return how many dead letters were so before: a retry says nothing about the source."""
    retried = {(one.topic, one.partition, one.offset) for one in messages if one.retried}
    return sum((one.topic, one.partition, one.offset) in retried for one in dead)


class InvalidLimit:
    """Stops the worker when too large a share of the last messages was invalid."""

    def __init__(self, settings: DeadLetterSettings) -> None:
        self._settings = settings
        self._batches: deque[tuple[int, int]] = deque()

    def check(self, *, valid: int, invalid: int) -> None:
        """Count a batch.

        Raises TooManyInvalid where the last batches, as many as make up the window, hold too large
        a share of invalid messages.
        """
        self._batches.append((valid, invalid))
        while sum(map(sum, self._batches)) - sum(self._batches[0]) >= self._settings.window:
            self._batches.popleft()
        seen = sum(map(sum, self._batches))
        share = sum(invalid for _, invalid in self._batches) / max(1, seen)
        if seen >= self._settings.window and share > self._settings.max_share:
            raise TooManyInvalid(
                f"{share:.0%} of the last {seen} messages are invalid (at most "
                f"{self._settings.max_share:.0%} may be): mend the source and start the worker "
                "again. To let them through as dead letters, start it with "
                "NABIZ_DEADLETTERS_MAX_SHARE=1. Nothing of this batch was acknowledged."
            )
