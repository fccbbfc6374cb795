"""Folds events into the states of customers, and publishes the alerts that follow from them."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from agents.runtime.crash import Halt
from agents.runtime.messages import (
    CLOUDEVENT,
    Message,
    Outgoing,
    decode_as,
    decode_batch,
    require_partition,
)
from agents.runtime.state_store import StoredState, Table
from pipeline.common import metrics
from pipeline.config.groups import DetectSettings
from pipeline.contracts.topology import ALERTS, SCORED
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
from pipeline.model.alert import Alert, to_cloudevent
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.reading import Scored

IN_A_STEP = 50
"""Messages of one customer whose alerts are kept in one state: some 12 kB a message at worst."""
_DECODE = decode_as(Scored)

Came: TypeAlias = tuple[Message, Scored]
Publish: TypeAlias = Callable[[Sequence[Outgoing]], Awaitable[object]]


class Offsets(NamedTuple):
    """What is known of the topics that are read, each of so many `partitions`.

    `committed` tells of a topic and a partition up to where all is acknowledged, `source` of a
    partition what its offsets in `cx.scored` are about.
    """

    partitions: int
    committed: Callable[[str, int], int]
    source: Callable[[int], str]


class Step(NamedTuple):
    """States to keep; `messages` may be sent once those `owing` them are durable."""

    owing: list[StoredState]
    others: list[StoredState]
    messages: list[Outgoing]


class Outcome(NamedTuple):
    """What a batch leads to, one step after the other."""

    dead: list[DeadLetter]
    came: Mapping[str, Sequence[Came]]
    alerts: list[Alert]
    steps: list[Step]


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
        offsets: Offsets,
        worker: bytes,
    ) -> None:
        self._settings, self._book, self._customers = settings, book, customers
        self._publish, self._offsets, self._worker = publish, offsets, worker

    def work(self, messages: Sequence[Message]) -> Outcome:
        """Return what the messages lead to, from the states that were staged or kept.

        Raises Halt where a state cannot be read, or is in another partition than the message.
        """
        good, dead = decode_batch(messages, _DECODE)
        came: defaultdict[str, list[Came]] = defaultdict(list)
        for message, scored in good:
            came[scored.event.customer_id].append((message, scored))
        outcome, rules = Outcome(dead, came, [], []), self._book.rules
        partitions = {message.partition for message, _ in good}
        sources = {partition: self._offsets.source(partition) for partition in partitions}
        with metrics.STAGE_SECONDS.labels("detect", "fold").time():
            for customer_id, mine in came.items():
                self._fold(customer_id, mine, sources, rules, outcome)
        return outcome

    def _fold(
        self,
        customer_id: str,
        mine: Sequence[Came],
        sources: Mapping[int, str],
        rules: RuleSet,
        outcome: Outcome,
    ) -> None:
        for message, _ in mine:
            require_partition(message, customer_id, self._offsets.partitions)
        partition = mine[-1][0].partition
        stored = self._customers.get(partition, customer_id)
        state = _state(stored) if stored else None
        owed = unsent(state, self._worker, lambda topic: self._offsets.committed(topic, partition))
        source = sources[partition]
        for number, start in enumerate(range(0, len(mine), IN_A_STEP)):
            part = mine[start : start + IN_A_STEP]
            arrivals = [
                Arrival(scored, message.partition, _place(message), source)
                for message, scored in part
            ]
            state, alerts = apply(state, arrivals, rules, self._settings)
            if owed := (*owed, *map(to_cloudevent, alerts)):
                read = {message.topic: message.offset for message, _ in part}
                state = replace(state, outbox=Outbox(self._worker, read, owed))
            if number == len(outcome.steps):
                outcome.steps.append(Step([], [], []))
            step, key = outcome.steps[number], customer_id.encode()
            kept = StoredState(state.partition, customer_id, encode_state(state))
            (step.owing if owed else step.others).append(kept)
            step.messages.extend(Outgoing(ALERTS, key, event, CLOUDEVENT) for event in owed)
            outcome.alerts.extend(alerts)
            owed = ()

    def stage(self, outcome: Outcome) -> None:
        """Have the next batch go on from there."""
        for step in outcome.steps:
            self._customers.stage([*step.owing, *step.others])

    async def make_durable(self, outcome: Outcome) -> None:
        """Return when all is confirmed, one step after the other.

        The states that owe alerts go ahead: few do, and the alerts need not wait for the others.
        """
        for step in outcome.steps:
            owing = await self._customers.flush_changelog(step.owing)
            with metrics.STAGE_SECONDS.labels("detect", "send").time():
                others, _ = await asyncio.gather(
                    self._customers.flush_changelog(step.others), self._publish(step.messages)
                )
            self._customers.write_local(owing, others)
        _observe(outcome.alerts, outcome.came)


def _state(stored: bytes) -> CustomerState:
    """Return a state. Raises Halt where it is of another version: a restart would not mend that."""
    try:
        return decode_state(stored)
    except StateError as error:
        raise Halt(str(error)) from error


def _place(message: Message) -> int | None:
    """Return the offset by which a redelivery is known; what comes ahead of its turn has none."""
    return message.offset if message.topic == SCORED else None


def _observe(alerts: Sequence[Alert], came: Mapping[str, Sequence[Came]]) -> None:
    """Count alerts; an open one's latency starts at the broker's time of its newest event."""
    now = datetime.now(UTC)
    newest = {
        customer_id: max(scored.received_at for _, scored in mine)
        for customer_id, mine in came.items()
    }
    for alert in alerts:
        metrics.ALERTS.labels(alert.cause, alert.state).inc()
        if alert.state == "open":
            waited = now - newest[alert.customer_id]
            metrics.ALERT_LATENCY.observe(waited.total_seconds())
