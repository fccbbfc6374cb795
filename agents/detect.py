"""detect: readings in, alerts out. One state a customer; what changed in it is published."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from secrets import token_bytes
from typing import NamedTuple, TypeAlias

import faust
import structlog
from msgspec.structs import replace

from agents.app import Effect, Halt, make_app, role_agent
from agents.health import Heartbeat
from agents.messages import (
    CLOUDEVENT,
    Message,
    Outgoing,
    decode_as,
    send,
    send_dead_letters,
    sift,
)
from agents.states import Kept, States, Table
from pipeline import metrics
from pipeline.alert import Alert, to_cloudevent
from pipeline.chain import ALERTS, SCORED
from pipeline.dead_letter import DeadLetter
from pipeline.detection.customer import (
    Arrival,
    CustomerState,
    Outbox,
    StateError,
    apply,
    decode_state,
    encode_state,
    unsent,
)
from pipeline.detection.rules import RuleBook, RuleSet
from pipeline.reading import Scored
from pipeline.setting_groups import DetectSettings
from pipeline.settings import Settings

log = structlog.get_logger(__name__)

RELOAD_SECONDS = 5.0
BATCH = 1_000
"""Most messages at once: one that cannot wait still waits for what is in hand and fetched ahead."""
_DECODE = decode_as(Scored)

Came: TypeAlias = tuple[Message, Scored]
Publish: TypeAlias = Callable[[Sequence[Outgoing]], Awaitable[object]]


class Outcome(NamedTuple):
    """What a batch leads to: `messages` carry the alerts, and those that another worker owed."""

    dead: list[DeadLetter]
    came: Mapping[str, Sequence[Came]]
    alerts: list[Alert]
    messages: list[Outgoing]
    states: list[Kept]


class Detector:
    """Folds each customer's events, keeps the state with what follows from it, and publishes that.

    The state is durable first. What a batch leads to depends on what came ahead of its turn, which
    a redelivery may bring in another order: an alert that was sent before its state was kept might
    then belong to nothing. A worker that ends after the state leaves the alerts in it to be sent.
    """

    def __init__(
        self,
        settings: DetectSettings,
        book: RuleBook,
        customers: Table,
        publish: Publish,
        worker: bytes,
    ) -> None:
        self._settings, self._book = settings, book
        self._customers, self._publish, self._worker = customers, publish, worker

    def work(self, messages: Sequence[Message]) -> Outcome:
        """Return what the messages lead to, from the states that were staged or kept."""
        good, dead = sift(messages, _DECODE)
        came: defaultdict[str, list[Came]] = defaultdict(list)
        for message, scored in good:
            came[scored.event.customer_id].append((message, scored))
        outcome, rules = Outcome(dead, came, [], [], []), self._book.rules
        with metrics.STAGE_SECONDS.labels("detect", "fold").time():
            for customer_id, mine in came.items():
                self._fold(customer_id, mine, rules, outcome)
        return outcome

    def _fold(
        self, customer_id: str, mine: Sequence[Came], rules: RuleSet, outcome: Outcome
    ) -> None:
        stored = self._customers.get(mine[-1][0].partition, customer_id)
        before = _state(stored) if stored else None
        arrivals = [Arrival(scored, message.partition, _place(message)) for message, scored in mine]
        after, alerts = apply(before, arrivals, rules, self._settings)
        first = {message.topic: message.offset for message, _ in reversed(mine)}
        if said := (*unsent(before, self._worker, first), *map(to_cloudevent, alerts)):
            last = {message.topic: message.offset for message, _ in mine}
            after = replace(after, outbox=Outbox(self._worker, last, said))
        key = customer_id.encode()
        outcome.alerts.extend(alerts)
        outcome.messages.extend(Outgoing(ALERTS, key, one, CLOUDEVENT) for one in said)
        outcome.states.append(Kept(after.partition, customer_id, encode_state(after)))

    async def make_durable(self, outcome: Outcome) -> None:
        """Return when states, then alerts are confirmed."""
        await self._customers.put(outcome.states)
        with metrics.STAGE_SECONDS.labels("detect", "send").time():
            await self._publish(outcome.messages)
        observe(outcome.alerts, outcome.came)


def detect(settings: Settings, partitions: int) -> tuple[faust.App, Heartbeat]:
    """Build the role. Order: dead letters, states and alerts confirmed, then acknowledged."""
    app = make_app("detect", settings, min(BATCH, settings.kafka.batch_size))
    customers = States(app, "customers", partitions)
    book = RuleBook(settings.detect.rules)
    detector = Detector(settings.detect, book, customers, partial(send, app), token_bytes(8))
    refused = ""

    async def handle(messages: Sequence[Message]) -> Effect:
        outcome = await asyncio.to_thread(detector.work, messages)
        customers.stage(outcome.states)
        return make_durable(outcome)

    async def make_durable(outcome: Outcome) -> None:
        await send_dead_letters(app, outcome.dead)
        await detector.make_durable(outcome)

    @app.timer(RELOAD_SECONDS, name="reload-rules")  # type: ignore[untyped-decorator]
    async def reload_rules() -> None:
        nonlocal refused
        refused = reload(book, refused)

    return app, role_agent(app, "detect", settings, handle)


def reload(book: RuleBook, refused: str) -> str:
    """Take the rules as they are now; return why they are refused, or "".

    Logged is what changed: `refused` is what the last call returned.
    """
    before = book.rules.version
    problem = str(book.reload() or "")
    if problem and problem != refused:
        log.error("rules refused, the last good set stays", problem=problem)
    elif book.rules.version != before:
        log.info("rules taken", version=book.rules.version)
    return problem


def _state(stored: bytes) -> CustomerState:
    """Return a state. Raises Halt where it is of another version: a restart would not mend that."""
    try:
        return decode_state(stored)
    except StateError as error:
        raise Halt(str(error)) from error


def _place(message: Message) -> int | None:
    """Return the offset by which a redelivery is known; what comes ahead of its turn has none."""
    return message.offset if message.topic == SCORED else None


def observe(alerts: Sequence[Alert], came: Mapping[str, Sequence[Came]]) -> None:
    """Count alerts; an open one's latency starts at the broker's time of its newest event."""
    now = datetime.now(UTC)
    for alert in alerts:
        metrics.ALERTS.labels(alert.cause, alert.state).inc()
        if alert.state == "open":
            received_at = max(scored.received_at for _, scored in came[alert.customer_id])
            metrics.ALERT_LATENCY.observe((now - received_at).total_seconds())
