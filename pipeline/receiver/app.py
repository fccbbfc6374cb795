"""The receiver as an application: `/in/NAME` with what is below it, and nothing else."""

from collections.abc import Mapping
from typing import Any

import structlog
from litestar import Litestar, Response, asgi
from litestar import Request as LitestarRequest
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import Receive, Scope, Send

from pipeline.common import metrics
from pipeline.receiver.receiver import NOBODY, Receiver, Reply, Request, TooLarge

log = structlog.get_logger(__name__)


class Gone(Exception):  # noqa: N818 - nobody's error
    """The sender disconnected before the request was complete."""


def receiver_app(receiver: Receiver) -> Litestar:
    """Return the application."""

    # Not a route with a handler of Litestar's: those cost more than all that is done here.
    @asgi("/in", is_mount=True, copy_scope=False)
    async def deliver(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await receiver.reply(_request(scope, receive))
        except Gone:
            metrics.RECEIVED.labels(NOBODY, "gone").inc()
        else:
            await _answer(send, reply)

    return Litestar(
        [deliver],
        logging_config=None,  # keep ours, which Litestar would replace
        openapi_config=None,
        exception_handlers={HTTPException: _elsewhere, HTTP_500_INTERNAL_SERVER_ERROR: _bug},
    )


def _request(scope: Any, receive: Receive) -> Request:
    headers = _headers(scope["headers"])
    query = scope["query_string"]
    url = scope["raw_path"] + (b"?" + query if query else b"")

    async def read(most: int) -> bytes:
        if _declared(headers) > most:
            raise TooLarge
        body, more = b"", True
        while more:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most:
                raise TooLarge
        return body

    beneath = scope["path"]  # of a mount: also "x/" of /inx
    name = beneath.strip("/").partition("/")[0] if beneath.startswith("/") else ""
    return Request(name, scope["method"], url.decode("latin-1"), headers, read)


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by name; repeated ones are joined into a list (RFC 9110)."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _declared(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


async def _answer(send: Send, reply: Reply) -> None:
    headers = [(b"content-length", b"%d" % len(reply.body))]
    if reply.body:
        headers.append((b"content-type", reply.content_type.encode("latin-1")))
        headers.append((b"x-content-type-options", b"nosniff"))
    headers += [(name.encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


def _elsewhere(request: LitestarRequest[Any, Any, Any], error: HTTPException) -> Response[Any]:
    metrics.RECEIVED.labels(NOBODY, "unknown").inc()
    return create_exception_response(request, error)


def _bug(request: LitestarRequest[Any, Any, Any], error: Exception) -> Response[Any]:
    log.error("request failed", path=request.url.path, exc_info=error)
    return Response({"detail": "internal error; see the log"}, status_code=500)
