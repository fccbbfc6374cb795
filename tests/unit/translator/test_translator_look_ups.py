"""A delivery that wants a look-up waits for it beside the others."""

import asyncio

from pipeline.connectors.outcome import Answer
from pipeline.model.dead_letter import Reason
from tests.support.deliveries import message, rating, ticket
from tests.support.translators import World


async def test_a_look_up_does_not_hold_up_the_neighbours(world: World) -> None:
    worker = world.worker()
    await worker.process([message(0, rating()), message(1, ticket())])
    assert world.ids == ["desk:7"]
    await world.asked.wait()
    world.api["http://127.0.0.1:9/ratings/1"] = Answer({"customer": "C-1", "text": "iyi"})
    world.answers.set()
    await until_nothing_waits(world)
    assert world.ids == ["desk:7", "desk:1"]
    assert world.events[-1].text == "iyi"
    assert world.kept == ["memory"]


async def test_a_look_up_goes_on_in_the_next_worker(world: World) -> None:
    worker = world.worker()
    await worker.process([message(0, rating())])
    await worker.release()
    world.api["http://127.0.0.1:9/ratings/1"] = Answer({"customer": "C-1", "text": "iyi"})
    world.answers.set()
    worker = world.worker()
    await worker.restore()
    await worker.advance()
    await until_nothing_waits(world)
    assert world.ids == ["desk:1"]


async def test_a_look_up_that_fails_is_a_dead_letter_that_says_why(world: World) -> None:
    worker = world.worker()
    world.api["http://127.0.0.1:9/ratings/1"] = Answer(None, "127.0.0.1 answers 500")
    world.answers.set()
    await worker.process([message(0, rating())])
    await until_nothing_waits(world)
    (letter,) = world.dead
    assert letter.reason == Reason.LOOK_UP_FAILED
    assert "answers 500" in letter.sentence


async def until_nothing_waits(world: World) -> None:
    async with asyncio.timeout(10):
        while "waiting" in world.kept:
            await asyncio.sleep(0)
