"""detect with a worker that is killed: what is stored in the end is as if nothing had been."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.detect import Detector
from agents.messages import Message, Outgoing
from agents.states import Kept, Place
from pipeline.alert import Alert, from_cloudevent
from pipeline.chain import SCORED, URGENT
from pipeline.detection.rules import RuleBook
from pipeline.reading import Scored
from pipeline.setting_groups import DetectSettings
from tests.unit.customers import START, Customer, histories, leaving

SETTINGS = DetectSettings()
BOOK = RuleBook(SETTINGS.rules)
FOREVER = 10**6


class Killed(Exception):  # noqa: N818 - it is what happens to the worker
    """The worker ended here."""


class World:
    """What outlives the workers: topics, committed offsets, states, alerts as they were sent."""

    def __init__(self, history: Sequence[Scored], urgent: Sequence[Scored]) -> None:
        self.topics = {SCORED: history, URGENT: urgent}
        self.committed = {SCORED: 0, URGENT: 0}
        self.states: dict[Place, bytes] = {}
        self.sent: list[Alert] = []
        self.steps_to_live = FOREVER

    def get(self, partition: int, customer_id: str) -> bytes | None:
        return self.states.get(Place(partition, customer_id))

    def kept(self) -> Iterator[Kept]:
        raise NotImplementedError

    def stage(self, states: Sequence[Kept]) -> None:
        raise NotImplementedError

    async def put(self, states: Sequence[Kept]) -> None:
        self.live()
        self.states.update({Place(*one[:2]): one.state for one in states})

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if messages:
            self.live()
            self.sent += [from_cloudevent(one.value) for one in messages]

    def live(self) -> None:
        if self.steps_to_live == 0:
            raise Killed
        self.steps_to_live -= 1

    async def worker(self, name: bytes, dice: Random) -> None:
        """Work from the committed offsets on, the topics in any turn, to the end of both."""
        detector = Detector(SETTINGS, BOOK, self, self.publish, name)
        while left := [one for one, at in self.committed.items() if at < len(self.topics[one])]:
            topic = dice.choice(left)
            first = self.committed[topic]
            values = self.topics[topic][first : first + dice.randint(1, 4)]
            batch = [message(topic, first + i, value) for i, value in enumerate(values)]
            await detector.make_durable(detector.work(batch))
            self.live()
            self.committed[topic] += len(batch)

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
    return Message(topic, 0, offset, scored.event.customer_id.encode(), value, scored.received_at)


async def killed_after(world: World, steps: int, name: bytes, dice: Random) -> None:
    """A worker that ends in the middle of its work, unless that is short."""
    world.steps_to_live = steps
    with suppress(Killed):
        await world.worker(name, dice)
    world.steps_to_live = FOREVER


@settings(max_examples=150, deadline=None)
@given(data=st.data(), history=histories(), dice=st.randoms(use_true_random=False))
async def test_workers_that_are_killed_leave_what_one_would_have_left(
    data: Any, history: list[Scored], dice: Random
) -> None:
    expected = Customer()
    for scored in history:
        expected.receive(scored)
    ahead = data.draw(st.lists(st.booleans(), min_size=len(history), max_size=len(history)))
    world = World(history, [one for one, early in zip(history, ahead, strict=True) if early])
    for name in (b"first", b"second"):
        await killed_after(world, data.draw(st.integers(0, 12)), name, dice)
    await world.worker(b"third", dice)
    assert world.stored() == expected.alerts()
    said = {(one.id, one.revision): one for one in world.sent}
    assert all(said[one.id, one.revision] == one for one in world.sent)


async def test_what_was_acknowledged_is_not_sent_again_by_the_next_worker() -> None:
    history = [leaving("e1", 0), leaving("e2", 1)]
    world = World(history, [])
    await killed_after(world, 3, b"first", Random(1))
    sent = list(world.sent)
    assert sent
    await world.worker(b"second", Random(1))
    assert sent[-1] not in world.sent[len(sent) :]


async def test_what_was_kept_and_not_sent_is_sent_when_it_is_delivered_again() -> None:
    world = World([leaving("e1", 0)], [])
    await killed_after(world, 1, b"first", Random(1))
    assert not world.sent
    await world.worker(b"second", Random(1))
    (alert,) = world.sent
    assert (alert.state, alert.revision, alert.opened_at) == ("open", 1, START)
