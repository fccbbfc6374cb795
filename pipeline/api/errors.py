"""What becomes of an error: JSON for programs, a page for a person in front of a browser."""

from collections.abc import Callable
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.exceptions.responses import create_exception_response
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import ExceptionHandlersMap

from pipeline.api.access.access import Access, AnyRequest
from pipeline.api.access.login import to_login
from pipeline.api.parameters import Refused
from pipeline.broker.errors import BrokerUnavailable
from pipeline.store import StoreUnavailable

log = structlog.get_logger(__name__)

Page = Callable[[AnyRequest, int, str], Response[Any]]
"""Makes the page of a refusal, from its status and the reason in English."""

_OF_PROGRAMS = frozenset({"v1", "schema", "metrics", "healthz"})
"""First parts of addresses that answer in JSON, whoever asks."""


def error_handlers(page: Page | None) -> ExceptionHandlersMap:
    """Return who answers which error; without `page` programs and people get the same."""

    def answer(request: AnyRequest, error: HTTPException) -> Response[Any]:
        if page is None or not _wants_page(request):
            return create_exception_response(request, error)
        if "user" not in request.scope:  # no route was found, so nobody has looked who it is
            access: Access = request.app.state.access
            request.scope["user"], request.scope["auth"] = access.recognise(request)
        shown = page(request, error.status_code, error.detail)
        shown.headers.update(error.headers or {})
        return shown

    def not_logged_in(request: AnyRequest, error: NotAuthorizedException) -> Response[Any]:
        return to_login(request) or answer(request, error)

    def plainly(status: int) -> Callable[[AnyRequest, Exception], Response[Any]]:
        def say(request: AnyRequest, error: Exception) -> Response[Any]:
            if page and _wants_page(request):
                return answer(request, HTTPException(str(error), status_code=status))
            return Response({"detail": str(error)}, status_code=status)

        return say

    def too_deep(request: AnyRequest, _: RecursionError) -> Response[Any]:
        return plainly(400)(request, Refused("the JSON is nested too deeply to be read"))

    def bug(request: AnyRequest, error: Exception) -> Response[Any]:
        log.error("request failed", path=request.url.path, exc_info=error)
        said = Exception("a fault of ours; the log says more")
        return plainly(HTTP_500_INTERNAL_SERVER_ERROR)(request, said)

    return {
        HTTPException: answer,
        NotAuthorizedException: not_logged_in,
        Refused: plainly(400),
        RecursionError: too_deep,
        StoreUnavailable: plainly(503),
        BrokerUnavailable: plainly(503),
        HTTP_500_INTERNAL_SERVER_ERROR: bug,
    }


def _wants_page(request: AnyRequest) -> bool:
    """Say whether this is a browser that opens an address for people."""
    first = request.url.path.lstrip("/").partition("/")[0]
    return first not in _OF_PROGRAMS and "text/html" in request.headers.get("accept", "")
