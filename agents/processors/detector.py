"""Folds events into customers' states, and publishes the resulting alerts."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from agents.processors.passed_time import HasReadAll, PassedTime
from agents.runtime.crash import Halt
from agents.runtime.messages import (
    CLOUDEVENT,
    Message,
    Outgoing,
    decode_as,
    decode_batch,
    require_partition,
)
from agents.runtime.state_store import StateKey, StoredState, Table
from pipeline.common import metrics
from pipeline.config.groups import DetectSettings
from pipeline.contracts.topology import ALERTS, SCORED
from pipeline.detection.customer import (
    AT_ONCE,
    NEVER,
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

CLOCKS = 50
"""States of a partition, those due first, by which a new worker sets its clock."""
MOST_DUE = 500
"""Most customers of a partition who are judged at a time."""
IN_A_STEP = 50
"""Most messages of a customer per state: each adds up to 12 kB of alerts."""
_DECODE = decode_as(Scored)

Came: TypeAlias = tuple[Message, Scored]
Publish: TypeAlias = Callable[[Sequence[Outgoing]], Awaitable[object]]


class Offsets(NamedTuple):
    """The progress on the input topics, which have `partitions` partitions each.

    `committed` returns the committed offset of a topic's partition, `source` the identity of the
    topic `cx.scored` that a partition's offsets refer to, `has_read_all` whether every message of a
    partition is handled and committed.
    """

    partitions: int
    committed: Callable[[str, int], int]
    source: Callable[[int], str]
    has_read_all: HasReadAll


class Step(NamedTuple):
    """States to store; `messages` may be sent once the states `owing` them are durable.

    States are `settled` once their messages are sent, where no redelivery will tell so.
    """

    owing: list[StoredState]
    others: list[StoredState]
    messages: list[Outgoing]
    settled: list[StoredState]


class Outcome(NamedTuple):
    """The results of a batch, as consecutive steps."""

    dead: list[DeadLetter]
    came: Mapping[str, Sequence[Came]]
    alerts: list[Alert]
    steps: list[Step]


class Detector:
    """Folds each customer's events, stores the state with its new alerts, and publishes these.

    The state becomes durable first. Urgent events are handled ahead of their turn, and a
    redelivery may order them differently: an alert sent before its state was stored might then
    belong to no state. If the worker ends in between, the alerts remain in the state to be sent.

    What a customer waits for in vain is judged as time passes (`pass_time`), in each partition as
    far as its events are known.
    """

    def __init__(
        self,
        settings: DetectSettings,
        book: RuleBook,
        customers: Table,
        publish: Publish,
        offsets: Offsets,
        worker: bytes,
        wall: Callable[[], datetime],
    ) -> None:
        self._settings, self._book, self._customers = settings, book, customers
        self._publish, self._offsets, self._worker = publish, offsets, worker
        self._time = PassedTime(wall, offsets.has_read_all)

    def work(self, messages: Sequence[Message]) -> Outcome:
        """Compute the outcome of messages from the staged or stored states.

        Raises Halt if a state is unreadable, or in another partition than the message.
        """
        good, dead = decode_batch(messages, _DECODE)
        came: defaultdict[str, list[Came]] = defaultdict(list)
        for message, scored in good:
            came[scored.event.customer_id].append((message, scored))
        outcome, rules = Outcome(dead, came, [], []), self._book.rules
        partitions = {message.partition for message, _ in good}
        sources = {partition: self._offsets.source(partition) for partition in partitions}
        with metrics.STAGE_SECONDS.labels("detect", "fold").time():
            self._time.observe(good)
            passed = {partition: self._time.passed(partition) for partition in partitions}
            for customer_id, mine in came.items():
                self._fold(customer_id, mine, sources, passed, rules, outcome)
            self._judge_overdue(outcome)
        return outcome

    def pass_time(self) -> Outcome:
        """Compute the outcome of the time that has passed, for a part of the customers."""
        outcome = Outcome([], {}, [], [])
        self._judge_overdue(outcome)
        return outcome

    def _judge_overdue(self, outcome: Outcome) -> None:
        """Judge customers who wait in vain; those with messages in the same batch have been."""
        for partition in self._customers.partitions():
            if not self._time.is_known:
                self._remember_time(partition)
            until = self._time.passed(partition)
            for key in self._customers.due(partition, until, MOST_DUE):
                if key.customer_id not in outcome.came:
                    self._judge_one(key, until, outcome)

    def _remember_time(self, partition: int) -> None:
        """Set the event clock as it was for the worker before this one."""
        for key in self._customers.due(partition, NEVER, CLOCKS):
            if stored := self._customers.get(*key):
                self._time.remember(_state(stored).lag)

    def _judge_one(self, key: StateKey, until: int, outcome: Outcome) -> None:
        stored = self._customers.get(*key)
        if stored is None:
            return
        state = _state(stored)
        owed = unsent(state, self._worker, lambda topic: self._offsets.committed(topic, key[0]))
        while state.due <= until:
            state, alerts = apply(state, (), self._book.rules, self._settings, state.due)
            owed = (*owed, *map(to_cloudevent, alerts))
            outcome.alerts.extend(alerts)
        step = _step_of(outcome, 0)
        settled = StoredState(*key, encode_state(state), state.due)
        if not owed:
            step.others.append(settled)
            return
        owing = replace(state, outbox=Outbox(self._worker, {}, owed), due=AT_ONCE)
        step.owing.append(StoredState(*key, encode_state(owing), AT_ONCE))
        step.settled.append(settled)
        step.messages.extend(_outgoing(key.customer_id, owed))

    def _fold(
        self,
        customer_id: str,
        mine: Sequence[Came],
        sources: Mapping[int, str],
        passed: Mapping[int, int],
        rules: RuleSet,
        outcome: Outcome,
    ) -> None:
        for message in {message.partition: message for message, _ in mine}.values():
            require_partition(message, customer_id, self._offsets.partitions)
        partition = mine[-1][0].partition
        stored = self._customers.get(partition, customer_id)
        state = _state(stored) if stored else None
        owed = unsent(state, self._worker, lambda topic: self._offsets.committed(topic, partition))
        source, until = sources[partition], passed[partition]
        for number, start in enumerate(range(0, len(mine), IN_A_STEP)):
            part = mine[start : start + IN_A_STEP]
            arrivals = [
                Arrival(scored, message.partition, _place(message), source)
                for message, scored in part
            ]
            state, alerts = apply(state, arrivals, rules, self._settings, until)
            if owed := (*owed, *map(to_cloudevent, alerts)):
                read = {message.topic: message.offset for message, _ in part}
                state = replace(state, outbox=Outbox(self._worker, read, owed))
            step = _step_of(outcome, number)
            encoded = encode_state(replace(state, lag=self._time.lag))
            kept = StoredState(state.partition, customer_id, encoded, state.due)
            (step.owing if owed else step.others).append(kept)
            step.messages.extend(_outgoing(customer_id, owed))
            outcome.alerts.extend(alerts)
            owed = ()

    def stage(self, outcome: Outcome) -> None:
        """Make the new states visible to the next batch."""
        for step in outcome.steps:
            self._customers.stage([*step.owing, *step.others, *step.settled])

    async def make_durable(self, outcome: Outcome) -> None:
        """Store states and send alerts, step by step; return once all are confirmed.

        States that owe alerts go first: they are few, and their alerts need not wait for the rest.
        """
        for step in outcome.steps:
            owing = await self._customers.flush_changelog(step.owing)
            with metrics.STAGE_SECONDS.labels("detect", "send").time():
                others, _ = await asyncio.gather(
                    self._customers.flush_changelog(step.others), self._publish(step.messages)
                )
            settled = await self._customers.flush_changelog(step.settled)
            self._customers.write_local(owing, others, settled)
        _observe(outcome.alerts, outcome.came)


def _step_of(outcome: Outcome, number: int) -> Step:
    """Return a step of the outcome; it has all those before it."""
    if number == len(outcome.steps):
        outcome.steps.append(Step([], [], [], []))
    return outcome.steps[number]


def _outgoing(customer_id: str, events: Sequence[bytes]) -> Iterator[Outgoing]:
    key = customer_id.encode()
    return (Outgoing(ALERTS, key, event, CLOUDEVENT) for event in events)


def _state(stored: bytes) -> CustomerState:
    """Decode a state. Raises Halt for another version, which a restart would not fix."""
    try:
        return decode_state(stored)
    except StateError as error:
        raise Halt(str(error)) from error


def _place(message: Message) -> int | None:
    """Return the offset that identifies a redelivery; None for an event ahead of its turn."""
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
        if alert.state == "open" and alert.customer_id in newest:
            waited = now - newest[alert.customer_id]
            metrics.ALERT_LATENCY.observe(waited.total_seconds())
