"""detect with a worker that is killed: what is stored in the end is as if nothing had been."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.processors.detector import Detector, Offsets, Outcome
from agents.runtime.app import MAX_OUTGOING
from agents.runtime.crash import Halt
from agents.runtime.messages import Message, Outgoing, partition_of
from agents.runtime.state_store import ChangelogAck, StoredState
from pipeline.config.groups import DetectSettings
from pipeline.contracts.topology import SCORED, URGENT
from pipeline.detection.rules import RuleBook
from pipeline.model.alert import Alert, from_cloudevent
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support import state_stores as states
from tests.support.customers import CHURN, START, Customer, event, histories, leaving, reading
from tests.support.state_stores import FOREVER, Killed, Table

SETTINGS = DetectSettings()
BOOK = RuleBook(SETTINGS.rules)
NOTHING_READ = Offsets(1, lambda *_: 0, lambda _: "t1/0", lambda *_: False)
END = START + timedelta(days=40)
"""When all that anybody may wait for is overdue."""


class World(states.World):
    """Also the topics, the committed offsets, and the alerts as they were sent."""

    def __init__(self, history: Sequence[Scored], urgent: Sequence[Scored] = ()) -> None:
        super().__init__()
        self.topics = {SCORED: history, URGENT: urgent}
        self.committed = {SCORED: 0, URGENT: 0}
        self.source = "t1/0"
        self.wall = START
        self.sent: list[Alert] = []

    async def worker(self, name: bytes, dice: Random, most: int = 4) -> None:
        """Work from the committed offsets on, the topics in any turn, to the end of both.

        A batch is worked on before what the last one led to is durable. Time passes where none is
        in hand, and at last until everything is overdue.
        """
        table = Table(self)
        offsets = Offsets(
            1, lambda topic, _: self.committed[topic], lambda _: self.source, self.has_read_all
        )
        detector = Detector(SETTINGS, BOOK, table, self.publish, offsets, name, lambda: self.wall)
        read = dict(self.committed)
        last: tuple[Outcome, str, int] | None = None
        while left := [one for one, at in read.items() if at < len(self.topics[one])]:
            topic = dice.choice(left)
            first = read[topic]
            values = self.topics[topic][first : first + dice.randint(1, most)]
            batch = [message(topic, first + i, value) for i, value in enumerate(values)]
            outcome = detector.work(batch)
            detector.stage(outcome)
            if last:
                await self.acknowledge(detector, *last)
            read[topic] += len(batch)
            last = outcome, topic, read[topic]
            self.wall = max(self.wall, *(one.received_at for one in values))
            if dice.random() < 0.2:
                await self.acknowledge(detector, *last)
                last = None
                await self.pass_time(detector)
        if last:
            await self.acknowledge(detector, *last)
        self.wall = END
        await self.pass_time(detector)

    async def pass_time(self, detector: Detector) -> None:
        while (outcome := detector.pass_time()).steps:
            detector.stage(outcome)
            await detector.make_durable(outcome)

    def has_read_all(self, _: int, handled: Mapping[tuple[str, int], int]) -> bool:
        return all(
            len(self.topics[topic]) == max(at, handled.get((topic, 0), 0))
            for topic, at in self.committed.items()
        )

    async def acknowledge(
        self, detector: Detector, outcome: Outcome, topic: str, read: int
    ) -> None:
        await detector.make_durable(outcome)
        await self.live()
        self.committed[topic] = read

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        for one in messages:
            await self.live()
            self.sent.append(from_cloudevent(one.value))

    def stored(self) -> dict[str, Alert]:
        """The alerts as whoever keeps the highest revision has them, without that number."""
        highest = {one.id: one for one in sorted(self.sent, key=lambda one: one.revision)}
        return {
            id_: msgspec.structs.replace(alert, revision=1)
            for id_, alert in highest.items()
            if alert.state != "withdrawn"
        }


def message(topic: str, offset: int, scored: Scored) -> Message:
    value = msgspec.json.encode(scored)
    at = scored.received_at
    return Message(topic, 0, offset, scored.event.customer_id.encode(), value, at, at)


async def killed_after(world: World, steps: int, name: bytes, dice: Random) -> None:
    """A worker that ends in the middle of its work, unless that is short."""
    world.steps_to_live = steps
    with suppress(Killed):
        await world.worker(name, dice)
    world.steps_to_live = FOREVER


def of(customer_id: str, history: Sequence[Scored]) -> list[Scored]:
    """The same events, of another customer."""
    return [
        msgspec.structs.replace(
            one,
            event=msgspec.structs.replace(
                one.event, customer_id=customer_id, event_id=f"{customer_id}-{one.event.event_id}"
            ),
        )
        for one in history
    ]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), dice=st.randoms(use_true_random=False))
async def test_workers_that_are_killed_leave_what_one_would_have_left(
    data: Any, dice: Random
) -> None:
    expected: dict[str, Alert] = {}
    arriving: list[tuple[float, Scored]] = []
    for name in ("c1", "c2"):
        history = of(name, data.draw(histories(most=8)))
        undisturbed = Customer()
        for scored in history:
            undisturbed.receive(scored)
        undisturbed.pass_time((END - START) / timedelta(hours=1))
        expected |= undisturbed.alerts()
        arriving += [(place + dice.random(), one) for place, one in enumerate(history)]
    in_turn = [one for _, one in sorted(arriving, key=lambda one: one[0])]
    world = World(in_turn, [one for one in in_turn if dice.random() < 0.4])
    for number in range(3):
        await killed_after(world, data.draw(st.integers(0, 20)), bytes([number]), dice)
    await world.worker(b"last", dice)
    assert world.stored() == expected
    said = {(one.id, one.revision): one for one in world.sent}
    assert all(said[one.id, one.revision] == one for one in world.sent)


async def test_what_was_acknowledged_is_not_sent_again_by_the_next_worker() -> None:
    history = [leaving("e1", 0), event("e2", EventType.VISIT, 1)]
    world = World(history[:1])
    await world.worker(b"first", Random(1))
    sent = list(world.sent)
    assert sent
    world.topics[URGENT] = history[1:]  # nothing of the other topic tells how far it was read
    await world.worker(b"second", Random(1))
    assert world.sent == sent


async def test_what_was_kept_and_not_sent_is_sent_when_it_is_delivered_again() -> None:
    world = World([leaving("e1", 0)])
    await killed_after(world, 1, b"first", Random(1))
    assert not world.sent
    await world.worker(b"second", Random(1))
    (alert,) = world.sent
    assert (alert.state, alert.revision, alert.opened_at) == ("open", 1, START)


async def test_a_topic_that_begins_anew_counts_its_messages_whatever_their_offsets() -> None:
    """Deleted and made anew, it has offsets that the state has seen, of other messages."""
    world = World([leaving(f"old{i}", i) for i in range(2)])
    await world.worker(b"first", Random(1))
    world.topics[SCORED], world.committed[SCORED] = [leaving("new", 3)], 0
    world.source = "t2/0"
    await world.worker(b"second", Random(1))
    (alert,) = world.stored().values()
    assert [one.event_id for one in alert.evidence] == ["old0", "old1", "new"]


async def test_a_customer_is_not_looked_for_in_another_partition() -> None:
    """Topics that were given partitions send customers to others than those of their states."""
    world = World([])
    offsets = NOTHING_READ._replace(partitions=6)
    detector = Detector(SETTINGS, BOOK, Table(world), world.publish, offsets, b"w", lambda: END)
    old, new = (message(SCORED, 0, one) for one in of("c2", [leaving("e1", 0), leaving("e2", 1)]))
    moved = [old, new._replace(partition=partition_of(b"c2", 6))]
    with pytest.raises(Halt, match=r"partitions were added.*docs/operations\.md"):
        detector.work(moved)


async def test_a_batch_of_one_customer_alone_makes_no_large_state() -> None:
    angry = reading("negative", 0.95, CHURN)
    world = World([event(f"e{i}", EventType.MESSAGE, i, angry) for i in range(1_000)])
    largest = 0

    class Scales(Table):
        async def confirm(self, states: Sequence[StoredState]) -> ChangelogAck:
            nonlocal largest
            largest = max(largest, *(len(one.state) for one in states), 0)
            return await super().flush_changelog(states)

    detector = Detector(
        SETTINGS, BOOK, Scales(world), world.publish, NOTHING_READ, b"w", lambda: END
    )
    batch = [message(SCORED, i, one) for i, one in enumerate(world.topics[SCORED])]
    await detector.make_durable(detector.work(batch))
    assert len(world.sent) >= 1_000
    assert largest < MAX_OUTGOING / 8
