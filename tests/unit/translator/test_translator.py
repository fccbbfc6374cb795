"""Deliveries become events, in any order, after any crash; what is refused leaves the others."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from agents.processors.memories import SLICES
from agents.runtime.messages import Message
from pipeline.connectors.setup.connections import ConnectionBook
from pipeline.model.dead_letter import Reason
from tests.support.deliveries import NOON, SEAL, answer, book, message, ticket
from tests.support.state_stores import FOREVER, Killed
from tests.support.translators import World


async def test_a_delivery_becomes_its_events(world: World) -> None:
    await world.worker().process([message(0, ticket(text="Kargom nerede?"))])
    (event,) = world.events
    assert (event.event_id, event.customer_id, event.text) == ("desk:7", "C-1", "Kargom nerede?")
    assert event.source == "desk"


async def test_an_answer_has_the_customer_of_its_ticket(world: World) -> None:
    worker = world.worker()
    await worker.process([message(0, ticket())])
    await worker.process([message(1, answer())])
    assert [event.customer_id for event in world.events] == ["C-1", "C-1"]


async def test_an_answer_before_its_ticket_waits_for_it(world: World) -> None:
    worker = world.worker()
    await worker.process([message(0, answer())])
    assert (world.ids, world.dead, world.kept) == ([], [], ["waiting"])
    await worker.process([message(1, ticket())])
    assert sorted(world.ids) == ["desk:1", "desk:7"]
    assert world.kept == ["memory"]


async def test_within_a_batch_order_does_not_matter(world: World) -> None:
    await world.worker().process([message(0, answer()), message(1, ticket())])
    assert sorted(world.ids) == ["desk:1", "desk:7"]
    assert world.kept == ["memory"]


async def test_an_answer_whose_ticket_never_comes_is_a_dead_letter_in_the_end(
    world: World,
) -> None:
    worker = world.worker()
    await worker.process([message(0, answer(text="0532 123 45 67 numaralı"))])
    world.now += timedelta(minutes=59)
    await worker.advance()
    assert not world.dead
    world.now += timedelta(minutes=1)
    await worker.advance()
    (letter,) = world.dead
    assert (letter.reason, letter.key) == (Reason.MISSING_FIELD, b"desk")
    assert letter.place == "cx.received/0/0"
    assert b"532 123" not in letter.payload
    assert b"answer" in letter.payload
    assert world.kept == []


async def test_of_more_that_wait_than_may_the_next_is_a_dead_letter(
    connections: ConnectionBook,
) -> None:
    world = World(connections, waiting=2)
    await world.worker().process([message(n, answer(n)) for n in range(3)])
    assert [letter.offset for letter in world.dead] == [2]


async def test_what_waits_is_seen_to_by_the_next_worker(world: World) -> None:
    await world.worker().process([message(0, answer())])
    worker = world.worker()
    await worker.restore()
    await worker.process([message(1, ticket())])
    assert sorted(world.ids) == ["desk:1", "desk:7"]


@pytest.mark.parametrize("order", range(6))
async def test_killed_anywhere_in_any_order_each_event_comes(world: World, order: int) -> None:
    deliveries = [ticket(7), ticket(8, "C-2"), *(answer(n, 7 + n % 2) for n in range(4))]
    messages = [message(n, body) for n, body in enumerate([*deliveries, *deliveries])]
    Random(order).shuffle(messages)
    batches = [messages[n : n + 3] for n in range(0, 12, 3)]
    for steps in range(12):
        world.turns.clear()
        world.states.clear()
        world.dead.clear()
        await acknowledged(world, batches, steps)
        assert {(event.event_id, event.customer_id) for event in world.events} == {
            ("desk:7", "C-1"),
            ("desk:8", "C-2"),
            *((f"desk:{n}", f"C-{1 + n % 2}") for n in range(4)),
        }
        assert (world.dead, set(world.kept)) == ([], {"memory"})


async def acknowledged(world: World, batches: Sequence[Sequence[Message]], steps: int) -> None:
    """Have workers handle all batches, each worker killed after so many steps, but for the last."""
    left = [*batches]
    for steps_to_live in (steps, steps + 3, FOREVER):
        world.steps_to_live = steps_to_live
        worker = world.worker()
        try:
            await worker.restore()
            await worker.advance()
            while left:
                await worker.process(left[0])
                del left[0]
        except Killed:
            continue


async def test_what_an_older_delivery_tells_does_not_replace_what_a_newer_one_told(
    world: World,
) -> None:
    worker = world.worker()
    later = NOON + timedelta(hours=1)
    await worker.process([message(0, ticket(customer="C-2"), received_at=later)])
    await worker.process([message(1, ticket(customer="C-1"))])
    await worker.process([message(2, answer())])
    assert world.events[-1].customer_id == "C-2"


async def test_what_is_told_again_is_not_written_again_before_a_day_is_over(world: World) -> None:
    worker = world.worker()
    await worker.process([message(0, ticket())])
    before = dict(world.states)
    await worker.process([message(1, ticket(), received_at=NOON + timedelta(hours=23))])
    assert world.states == before
    await worker.process([message(2, ticket(), received_at=NOON + timedelta(hours=25))])
    assert world.states != before


async def test_memories_end_by_age_and_by_number(connections: ConnectionBook) -> None:
    world = World(connections, memories=2 * SLICES, memory_days=30)
    worker = world.worker()
    await worker.process([message(n, ticket(n)) for n in range(50)])
    await worker.process([message(n, ticket(n)) for n in range(50, 3_000)])
    for _ in range(SLICES):
        await worker.forget()
    assert 50 <= len(world.kept) <= 2 * SLICES
    world.now += timedelta(days=31)
    for _ in range(SLICES):
        await worker.forget()
    assert world.kept == []


async def test_no_state_has_what_a_system_sent_in_clear(world: World) -> None:
    worker = world.worker()
    await worker.process([message(0, ticket(ticket="+905321234567", customer="C-1"))])
    await worker.process([message(1, answer(of=9, text="çok gizli"))])
    for key, state in world.states.items():
        assert "90532" not in key.customer_id
        assert b"gizli" not in state
        assert b"90532" not in state


async def test_a_request_to_erase_is_passed_on(world: World) -> None:
    await world.worker().process([message(0, {"kind": "forget me", "customer": "C-1"})])
    (request,) = world.turns[0].erased
    assert (request.customer_id, request.source, request.connection) == ("C-1", "desk", "desk")


async def test_a_delivery_may_come_before_the_file_was_looked_at_again(tmp_path: Path) -> None:
    world = World(book(tmp_path, "connections: []"))
    worker = world.worker()
    book(tmp_path)
    await worker.process([message(0, ticket())])
    assert (world.ids, world.dead) == (["desk:7"], [])


async def test_a_delivery_of_a_connection_that_is_gone_is_a_dead_letter_that_says_so(
    world: World,
) -> None:
    await world.worker().process([message(0, ticket(), connection="old-desk")])
    (letter,) = world.dead
    assert letter.reason == Reason.UNKNOWN_CONNECTION
    assert "old-desk" in letter.sentence


async def test_a_message_that_cannot_be_opened_is_a_dead_letter_without_it(world: World) -> None:
    sealed = message(0, ticket())
    assert sealed.value
    broken = sealed.value.replace(b'"sealed":"', b'"sealed":"AAAA')
    await world.worker().process([sealed._replace(value=broken), message(1, ticket())])
    assert [(letter.offset, letter.payload) for letter in world.dead] == [(0, b"")]
    assert world.ids == ["desk:7"]


async def test_a_mapping_that_fails_costs_one_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = book(tmp_path)
    mapping = found.mapping(found.connections["desk"])
    real = mapping.map

    def fails(delivery: Any, *args: Any) -> Any:
        if b"poison" in delivery.body:
            raise RuntimeError("secret@example.com")
        return real(delivery, *args)

    monkeypatch.setattr(mapping, "map", fails)
    world = World(found)
    await world.worker().process([message(0, ticket(text="poison")), message(1, ticket())])
    (letter,) = world.dead
    assert (letter.reason, letter.offset) == (Reason.MAPPING_FAILED, 0)
    assert "@" not in letter.sentence
    assert world.ids == ["desk:7"]


async def test_all_that_is_refused_of_a_delivery_is_one_dead_letter(world: World) -> None:
    await world.worker().process([message(0, b"\xff"), message(1, b"")])
    assert [letter.reason for letter in world.dead] == [Reason.NOT_UTF8, Reason.MISSING_FIELD]


async def test_the_dead_letter_of_a_form_is_masked_as_it_is_read(world: World) -> None:
    delivered = message(0, ticket())
    opened = SEAL.opened(delivered.value or b"")
    form = msgspec.structs.replace(
        opened,
        body=b"kind=ticket&ticket=7&From=%2B905321234567&at=never&customer=C-1",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    await world.worker().process([delivered._replace(value=SEAL.sealed(form))])
    (letter,) = world.dead
    assert b"From" in letter.payload
    assert b"532123" not in letter.payload
