"""Whatever bytes, headers and paths come: it is answered, and the next delivery is taken."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.common.ports import HOST
from pipeline.web.half_sent import WholeRequests
from tests.support.connector_company import GOOD, Company
from tests.support.receivers import Desk

BYTES = st.binary(max_size=200)
NAMES = st.sampled_from(
    [b"x-signature", b"content-type", b"content-length", b"authorization", b"a"]
)
VALUES = BYTES | st.sampled_from(
    [
        *(b"application/json", b"multipart/form-data; boundary=x", b"application/x-ndjson"),
        *(b"application/x-www-form-urlencoded", b"99999999999999999999", b"Basic !", b"-1"),
    ]
)
PATHS = st.sampled_from([b"/in/desk-1", b"/in/desk-1/", b"/in//desk-1", b"/in/%ff", b"/in"]) | BYTES
BODIES = st.lists(
    BYTES | st.sampled_from([b"[" * 100_000, b'{"ping": ', b"--x\r\n\r\n", b"\xff\xfe", b"1e999"]),
    max_size=4,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    entries = GOOD + GOOD.replace("desk-1", "open") + "    auth: none\n"
    return Desk(Company(tmp_path).book(entries), "secret-value", max_bytes=150_000)


async def ask(app: Any, scope: dict[str, Any], body: list[bytes]) -> list[dict[str, Any]]:
    """Call an application as a server does; return what it sent."""
    pieces = [
        {"type": "http.request", "body": piece, "more_body": number < len(body)}
        for number, piece in enumerate([*body, b""])
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "http_version": "1.1", "scheme": "http", **scope}, receive, send)
    return sent


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "X"]),
    PATHS,
    BYTES,
    st.lists(st.tuples(NAMES, VALUES), max_size=8),
    BODIES,
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_whatever_comes_is_answered(
    desk: Desk,
    method: str,
    path: bytes,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    body: list[bytes],
) -> None:
    for raw in (path, b"/in/open"):
        scope = {
            "method": method,
            "path": unquote(raw.decode("latin-1")),
            "raw_path": raw,
            "query_string": query,
            "headers": headers,
        }
        start, end = await ask(desk.app, scope, body)
        assert 200 <= start["status"] < 500
        assert end["type"] == "http.response.body"
    assert (await desk.send()).status_code == 200


async def test_a_sender_that_goes_away_leaves_nothing(desk: Desk) -> None:
    scope: dict[str, Any] = {
        **{"method": "POST", "path": "/in/open", "raw_path": b"/in/open"},
        **{"query_string": b"", "headers": []},
    }
    gone: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return gone.pop(0)

    async def send(_: dict[str, Any]) -> None:
        raise AssertionError("nobody is there")

    await desk.app({"type": "http", **scope}, receive, send)  # type: ignore[arg-type]
    assert desk.broker.kept == []


@pytest.fixture
async def address(socket_enabled: None, desk: Desk) -> AsyncIterator[tuple[str, int]]:
    with closing(socket.create_server((HOST, 0))) as listener:
        config = uvicorn.Config(desk.app, http=WholeRequests, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        yield listener.getsockname()
        server.should_exit = True
        await serving


REQUEST = b"POST /in/open HTTP/1.1\r\nHost: nabiz\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS where there is none
        b"GET\r\n\r\n",
        b"POST /in/open HTTP/1.1\r\n\r\n",
        REQUEST + b"Content-Length: x\r\n\r\n",
        REQUEST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        REQUEST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        REQUEST + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n",
        REQUEST + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000,
        REQUEST + b"Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n",
        b"POST /in/%00%ff%0a HTTP/1.1\r\nHost: nabiz\r\nContent-Length: 0\r\n\r\n",
        b"POST /in/../../etc/passwd HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_and_the_next_is_taken(
    address: tuple[str, int], raw: bytes
) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(raw)
    answer = await asyncio.wait_for(reader.read(64), 10)
    assert answer.startswith(b"HTTP/1.1 4")
    writer.close()
    reader, writer = await asyncio.open_connection(*address)
    writer.write(REQUEST + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
    assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 200")
    writer.close()
