"""Batches of a role: what came while the last one was handled, within bounds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest

from agents.runtime.batches import FEW, batches
from pipeline.contracts.topology import SCORED, URGENT


def fetch(size: int, topic: str = SCORED) -> Any:
    return SimpleNamespace(value=(b"",) * size, message=SimpleNamespace(topic=topic))


class Stream:
    """A stream of Faust as far as batches need it; an exception in it is raised."""

    def __init__(self, *coming: Any) -> None:
        self.enable_acks = True
        self.current_event: Any = None
        self.dry, self.closed = asyncio.Event(), asyncio.Event()
        self._coming: asyncio.Queue[Any] = asyncio.Queue()
        self.give(*coming)

    def give(self, *coming: Any) -> None:
        self.dry.clear()
        for one in coming:
            self._coming.put_nowait(one)

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            while True:
                if self._coming.empty():
                    self.dry.set()
                self.current_event = await self._coming.get()
                if self.current_event is None:
                    return
                if isinstance(self.current_event, Exception):
                    raise self.current_event
                yield self.current_event.value
        finally:
            self.closed.set()


async def test_what_came_while_a_batch_was_handled_is_the_next_and_none_is_acknowledged() -> None:
    first, *others = (fetch(2) for _ in range(4))
    stream = Stream(first)
    async with aclosing(batches(stream, 100, 0.0)) as taken:
        assert await anext(taken) == [first]
        stream.give(*others)
        await stream.dry.wait()
        assert await anext(taken) == others
    assert stream.enable_acks is False


async def test_a_batch_ends_with_the_fetch_that_fills_it() -> None:
    fetches = [fetch(3) for _ in range(5)]
    stream = Stream(*fetches, None)
    async with aclosing(batches(stream, 5, 60.0)) as taken:
        sizes = [len(batch) async for batch in taken]
    assert sizes == [2, 2, 1]


async def test_a_fetch_larger_than_a_batch_goes_alone() -> None:
    large, small = fetch(9), fetch(1)
    async with aclosing(batches(Stream(large, small, None), 5, 60.0)) as taken:
        assert [batch async for batch in taken] == [[large], [small]]


async def test_while_one_batch_is_handled_no_more_than_another_is_taken_from_the_stream() -> None:
    stream = Stream(*[fetch(5) for _ in range(9)])
    async with aclosing(batches(stream, 5, 0.0)) as taken:
        await anext(taken)
        for _ in range(100):  # turns of the loop: enough for all to be taken
            await asyncio.sleep(0)
        assert stream._coming.qsize() == 9 - 1 - 1 - 1, "handled, waiting, in the hand"


async def test_a_batch_waits_to_fill_and_no_longer() -> None:
    first, second, third = (fetch(1) for _ in range(3))
    stream = Stream(first)
    async with aclosing(batches(stream, 2, 60.0)) as taken:
        batch = asyncio.ensure_future(anext(taken))
        await stream.dry.wait()
        stream.give(second)
        assert await batch == [first, second]
    stream = Stream(third)
    async with aclosing(batches(stream, 2, 0.01)) as taken:
        assert await anext(taken) == [third]


async def test_a_few_wait_longer_for_each_other_than_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """`within` is 10 ms, and a minute where there are but a few."""
    monkeypatch.setattr("agents.runtime.batches.FEW_WAIT", 6_000)
    many, some, more = fetch(FEW), fetch(FEW - 1), fetch(1)
    stream = Stream(many)
    async with aclosing(batches(stream, 1_000, 0.01)) as taken:
        assert await anext(taken) == [many]
        stream.give(some)
        batch = asyncio.ensure_future(anext(taken))
        await stream.dry.wait()
        done, _ = await asyncio.wait([batch], timeout=0.1)
        assert not done
        stream.give(more)
        assert await batch == [some, more]


async def test_what_cannot_wait_goes_before_the_others_and_alone() -> None:
    first, second, third = fetch(1), fetch(2), fetch(1)
    urgent = fetch(1, URGENT)
    stream = Stream(first)
    async with aclosing(batches(stream, 9, 0.0)) as taken:
        assert await anext(taken) == [first]
        stream.give(second, urgent, third)
        await stream.dry.wait()
        assert [await anext(taken), await anext(taken)] == [[urgent], [second, third]]


async def test_an_error_of_the_stream_is_raised_after_what_came_before_it() -> None:
    first = fetch(1)
    async with aclosing(batches(Stream(first, ValueError("broken")), 5, 60.0)) as taken:
        assert await anext(taken) == [first]
        with pytest.raises(ValueError, match="broken"):
            await anext(taken)


async def test_an_error_while_a_batch_is_handled_is_raised_then() -> None:
    stream = Stream(fetch(1))
    async with aclosing(batches(stream, 5, 0.0)) as taken:
        await anext(taken)
        stream.give(ValueError("broken"))
        await stream.closed.wait()
        with pytest.raises(ValueError, match="broken"):
            await anext(taken)


async def test_the_end_of_the_stream_is_the_end() -> None:
    async with aclosing(batches(Stream(None), 5, 0.0)) as taken:
        assert [batch async for batch in taken] == []


@pytest.mark.parametrize("waiting_for", ["a fetch", "a full batch"])
async def test_cancelled_it_lets_the_stream_go(waiting_for: str) -> None:
    stream = Stream(*[fetch(1)] * (waiting_for == "a full batch"))

    async def take() -> None:
        async with aclosing(batches(stream, 5, 60.0)) as taken:
            await anext(taken)

    taking = asyncio.ensure_future(take())
    await stream.dry.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await stream.closed.wait()
