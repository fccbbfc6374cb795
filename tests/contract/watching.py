"""Looks into a worker's driver: to await what happens there, and to delay it."""

import asyncio
from typing import Any

from aiokafka.protocol.fetch import FetchRequest
from faust.types import TP

from tests.contract.worker import PATIENCE, Worker


class HeldFetch:
    """Keeps what was fetched between the consumer's thread and the main one, on demand."""

    def __init__(self, member: Worker) -> None:
        member.app.finalize()
        self.to_be_held, self.held, self.go_on = False, asyncio.Event(), asyncio.Event()
        self._getmany = member.consumer._getmany
        member.consumer._getmany = self._fetch

    async def _fetch(self, *args: Any, **options: Any) -> Any:
        records = await self._getmany(*args, **options)
        if records and self.to_be_held:
            self.held.set()
            await self.go_on.wait()
        return records


def announce(owner: Any, method: str) -> asyncio.Event:
    """An event that is set once a coroutine method of an object has returned."""
    original, done = getattr(owner, method), asyncio.Event()

    async def announced(*args: Any, **options: Any) -> Any:
        result = await original(*args, **options)
        done.set()
        return result

    setattr(owner, method, announced)
    return done


async def until(event: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE):
        await event.wait()


class Outstanding:
    """Counts what was delivered to the stream and not yet taken from it."""

    def __init__(self, member: Worker) -> None:
        member.app.finalize()
        self.most = self.delivered = 0
        self._member = member
        self._deliver = member.consumer.callback
        self._changed = asyncio.Condition()
        member.consumer.callback = self._count

    async def _count(self, message: Any) -> None:
        self.delivered += not self._member.consumer._is_changelog_tp(message.tp)
        self.most = max(self.most, self.delivered - len(self._member.events))
        async with self._changed:
            self._changed.notify_all()
        await self._deliver(message)

    async def reaches(self, most: int) -> None:
        async with self._changed, asyncio.timeout(PATIENCE):
            await self._changed.wait_for(lambda: self.most >= most)


async def polled_in_vain(member: Worker) -> None:
    """Return when two polls in a row, which are a second long, brought nothing."""
    getmany, empty = member.consumer._getmany, asyncio.Semaphore(0)

    async def watched(*args: Any, **options: Any) -> Any:
        fetched = await getmany(*args, **options)
        if not fetched:
            empty.release()
        return fetched

    member.consumer._getmany = watched
    async with asyncio.timeout(PATIENCE):
        await empty.acquire()
        await empty.acquire()


async def client_has(member: Worker, tp: TP) -> None:
    """Return when the client has fetched records of a partition; it lives in another thread."""
    fetched = member.consumer._thread._consumer._fetcher._records
    async with asyncio.timeout(PATIENCE):
        while tp not in fetched:
            await asyncio.sleep(0.01)


def fetches_of(member: Worker) -> list[FetchRequest]:
    """A list of what the worker asks the broker for from now on."""
    client, asked = member.consumer._thread._ensure_consumer()._client, []
    send = client.send

    async def watched(node_id: int, request: Any, **options: Any) -> Any:
        if isinstance(request, FetchRequest):
            asked.append(request)
        return await send(node_id, request, **options)

    client.send = watched
    return asked


async def recovered(member: Worker, partition: int, offset: int) -> None:
    """Return when a member has read the changelog of a partition up to an offset."""
    offsets = member.app.tables.recovery.standby_offsets  # type: ignore[attr-defined]
    async with asyncio.timeout(PATIENCE):
        while not any(tp.partition == partition and at >= offset for tp, at in offsets.items()):
            await asyncio.sleep(0.01)
