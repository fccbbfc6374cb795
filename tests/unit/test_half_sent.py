"""Requests that never end: they are few, and do not last. With real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import uvicorn

from pipeline.common.ports import HOST
from pipeline.web import half_sent
from pipeline.web.half_sent import WholeRequests

HEAD = b"POST /x HTTP/1.1\r\nHost: nabiz\r\nContent-Length: 10\r\n\r\n"
WHOLE = HEAD + b"0123456789"


async def echo(scope: dict[str, object], receive: object, send: object) -> None:
    """An application that answers with the length of what came."""
    if scope["type"] != "http":
        return
    length, more = 0, True
    while more:
        message = await receive()  # type: ignore[operator]
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    start = {"type": "http.response.start", "status": 200}
    await send({**start, "headers": [(b"content-length", b"2")]})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"%02d" % length})  # type: ignore[operator]


@pytest.fixture
async def address(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[str, int]]:
    monkeypatch.setattr(half_sent, "WHOLE_WITHIN", 0.5)
    monkeypatch.setattr(half_sent, "most_incomplete", lambda: 3)
    with closing(socket.create_server((HOST, 0))) as listener:
        config = uvicorn.Config(echo, http=WholeRequests, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        yield listener.getsockname()
        server.should_exit = True
        await serving


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what came until the server closed."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("part", [b"", b"GE", b"GET / HTTP/1.1\r\nX-a: ", HEAD, HEAD + b"0123"])
async def test_a_request_that_does_not_end_is_closed(address: tuple[str, int], part: bytes) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(part)
    assert await ended(reader) == b""
    writer.close()


async def test_one_that_trickles_is_closed_too(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET / HTTP/1.1\r\nX-a: ")
    ending = asyncio.create_task(ended(reader))
    while not ending.done():
        writer.write(b"a")
        await asyncio.sleep(0.05)
    assert ending.result() == b""
    writer.close()


async def test_the_oldest_makes_room_and_who_sends_all_is_answered(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_sent, "WHOLE_WITHIN", 60)
    halves = []
    for _ in range(6):
        halves.append(await asyncio.open_connection(*address))
        halves[-1][1].write(HEAD)
    for reader, _ in halves[:3]:
        assert await ended(reader) == b""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(WHOLE)
    assert b"200 OK" in await reader.readline()
    for _, one in [*halves, (reader, writer)]:
        one.close()


async def test_a_connection_that_is_kept_serves_many_requests(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(4):
        writer.write(WHOLE)
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(2) == b"10"
        await asyncio.sleep(0.3)  # longer than a request may take, all together
    writer.write(WHOLE[:-1])
    assert await ended(reader) == b""
    writer.close()


async def test_an_upload_may_take_as_long_as_its_bytes_need(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_sent, "SLOWEST", 50)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(HEAD)
    await asyncio.sleep(0.8)  # longer than a small request may take
    writer.write(WHOLE[len(HEAD) :])
    assert b"200 OK" in await reader.readline()
    writer.write(HEAD)
    assert (await ended(reader)).endswith(b"10")
    writer.close()
