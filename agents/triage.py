"""triage: what cannot wait goes to `detect` ahead of its turn.

Under a load above what `understand` can read, an event waits for minutes. To see that a text is
urgent costs a tenth of reading it, so this role keeps up, reads the few urgent texts itself, and
sends them to `cx.urgent`. They come again on `cx.scored`, and change nothing then.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import faust
import msgspec

from agents.runtime.app import Effect, make_app, role_agent
from agents.runtime.liveness import Liveness
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


_WORDS = msgspec.json.Decoder(_Words)
WITHIN = 0.2
"""Seconds that a batch may wait to fill: without a backlog `understand` is quicker anyway."""


def triage(settings: Settings) -> tuple[faust.App, Liveness]:
    """Build the role: look at every text, read the urgent ones, send them, then acknowledge."""
    app = make_app("triage", settings)
    reader = Reader(open_engine(settings.engine))
    uncounted = load_uncounted(settings.uncounted.file)

    def read(messages: Sequence[Message]) -> list[Outgoing]:
        # What is invalid becomes a dead letter in `understand`.
        now, patience = datetime.now(UTC), settings.engine.patience
        scored, _ = interpret(messages, reader, now, patience, uncounted)
        return [outgoing(one, URGENT) for one in scored]

    async def handle(messages: Sequence[Message]) -> Effect:
        found = urgent_among(messages)  # a few milliseconds
        urgent = await asyncio.to_thread(read, found) if found else []

        async def make_durable() -> None:
            await send(app, urgent)

        return make_durable()

    return app, role_agent(app, "triage", settings, handle, within=WITHIN)


def urgent_among(messages: Sequence[Message]) -> list[Message]:
    """Return the messages whose text holds an urgent intent."""
    texts = [_text(message) for message in messages]
    return [one for one, urgent in zip(messages, cannot_wait(texts), strict=True) if urgent]


def _text(message: Message) -> str:
    value = message.value or b""
    try:
        words = _WORDS.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            words = parse(_WORDS, value)  # slower, and reads what can be mended
        except Invalid:
            return ""
    return words.text or ""
