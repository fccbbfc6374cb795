"""triage: sends urgent events to `detect` ahead of their turn.

Under more load than `understand` can read, events wait for minutes. To see that a text is urgent
costs a tenth of reading it, so this role keeps up, reads the few urgent texts itself, and sends
them to `cx.urgent`. They arrive again on `cx.scored`, and change nothing then.
"""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import msgspec

from agents.runtime.batching import Batching
from agents.runtime.component import Component, Effect
from agents.runtime.messages import Message, Outgoing, send
from agents.understand import interpret, outgoing
from pipeline.config.settings import Settings
from pipeline.contracts.topology import URGENT
from pipeline.ingest.decode import parse
from pipeline.ingest.uncounted import load_uncounted
from pipeline.model.dead_letter import Invalid
from pipeline.text.intents import cannot_wait
from pipeline.text.open import open_engine
from pipeline.text.reader import Reader


class _Words(msgspec.Struct):
    text: str | None = None
    title: str | None = None


_WORDS = msgspec.json.Decoder(_Words)
WITHIN = 0.2
"""Seconds that a batch may wait to fill: without a backlog `understand` is quicker anyway."""


class Triage(Component):
    """Checks every text, reads the urgent ones, and sends them to `cx.urgent`."""

    role = "triage"

    def __init__(self, settings: Settings, resources: ExitStack) -> None:
        super().__init__(settings, resources)
        self._reader = Reader(open_engine(settings.engine))
        self._uncounted = load_uncounted(settings.uncounted.file)

    @property
    def batching(self) -> Batching:
        """Batches that wait a little to fill."""
        return super().batching._replace(within=WITHIN)

    async def handle(self, messages: Sequence[Message]) -> Effect:
        """Read the urgent events of a batch."""
        urgent = urgent_among(messages)  # a few milliseconds
        return self._send(await asyncio.to_thread(self._read, urgent) if urgent else [])

    def _read(self, messages: Sequence[Message]) -> list[Outgoing]:
        # What is invalid becomes a dead letter in `understand`.
        now, patience = datetime.now(UTC), self.settings.engine.patience
        scored, _ = interpret(messages, self._reader, now, patience, self._uncounted)
        return [outgoing(event, URGENT) for event in scored]

    async def _send(self, urgent: Sequence[Outgoing]) -> None:
        await send(self.app, urgent)


def urgent_among(messages: Sequence[Message]) -> list[Message]:
    """Return the messages whose text or title holds an urgent intent."""
    texts = [_text(message) for message in messages]
    urgent = cannot_wait(texts)
    return [message for message, is_urgent in zip(messages, urgent, strict=True) if is_urgent]


def _text(message: Message) -> str:
    value = message.value or b""
    try:
        words = _WORDS.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            words = parse(_WORDS, value)  # slower, and reads what can be mended
        except Invalid:
            return ""
    return f"{words.title}\n{words.text or ''}" if words.title else words.text or ""
