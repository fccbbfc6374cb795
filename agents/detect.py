"""detect: readings in, alerts out. One state a customer; what changed in it is published."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import faust
import structlog

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
from agents.states import Kept, States
from pipeline import metrics
from pipeline.alert import Alert, to_cloudevent
from pipeline.chain import ALERTS, SCORED
from pipeline.dead_letter import DeadLetter
from pipeline.detection.customer import (
    Arrival,
    CustomerState,
    StateError,
    apply,
    decode_state,
    encode_state,
)
from pipeline.detection.rules import RuleBook
from pipeline.reading import Scored
from pipeline.settings import Settings

log = structlog.get_logger(__name__)

RELOAD_SECONDS = 5.0
BATCH = 1_000
"""Most messages at once: one that cannot wait still waits for what is in hand and fetched ahead."""
_DECODE = decode_as(Scored)


class Outcome(NamedTuple):
    """What a batch leads to."""

    dead: list[DeadLetter]
    arrivals: Mapping[str, Sequence[Arrival]]
    alerts: list[Alert]
    states: list[Kept]


def detect(settings: Settings, partitions: int) -> tuple[faust.App, Heartbeat]:
    """Build the role: fold each customer's events, send the alerts that changed, keep the state.

    Order: alerts confirmed, then states confirmed and kept, then acknowledged. With the state first
    a crash would lose an alert: redelivered, its event would look already applied.
    """
    app = make_app("detect", settings, min(BATCH, settings.kafka.batch_size))
    book = RuleBook(settings.detect.rules)
    refused = ""
    customers = States(app, "customers", partitions)

    def work(messages: Sequence[Message]) -> Outcome:
        good, dead = sift(messages, _DECODE)
        arrivals: defaultdict[str, list[Arrival]] = defaultdict(list)
        for message, scored in good:
            arrivals[scored.event.customer_id].append(
                Arrival(scored, message.partition, _place(message))
            )
        outcome, rules = Outcome(dead, arrivals, [], []), book.rules
        with metrics.STAGE_SECONDS.labels("detect", "fold").time():
            for customer_id, mine in arrivals.items():
                stored = customers.get(mine[-1].partition, customer_id)
                before = _state(stored) if stored else None
                after, changed = apply(before, mine, rules, settings.detect)
                outcome.alerts.extend(changed)
                outcome.states.append(Kept(after.partition, customer_id, encode_state(after)))
        return outcome

    async def make_durable(outcome: Outcome) -> None:
        await send_dead_letters(app, outcome.dead)
        with metrics.STAGE_SECONDS.labels("detect", "send").time():
            await send(app, [outgoing(alert) for alert in outcome.alerts])
        observe(outcome.alerts, outcome.arrivals)
        await customers.put(outcome.states)

    async def handle(messages: Sequence[Message]) -> Effect:
        outcome = await asyncio.to_thread(work, messages)
        customers.stage(outcome.states)
        return make_durable(outcome)

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


def outgoing(alert: Alert) -> Outgoing:
    """Return the CloudEvent of an alert, keyed by customer."""
    return Outgoing(ALERTS, alert.customer_id.encode(), to_cloudevent(alert), CLOUDEVENT)


def observe(alerts: Sequence[Alert], arrivals: Mapping[str, Sequence[Arrival]]) -> None:
    """Count alerts; an open one's latency starts at the broker's time of its newest event."""
    now = datetime.now(UTC)
    for alert in alerts:
        metrics.ALERTS.labels(alert.cause, alert.state).inc()
        if alert.state == "open":
            received_at = max(one.scored.received_at for one in arrivals[alert.customer_id])
            metrics.ALERT_LATENCY.observe((now - received_at).total_seconds())
