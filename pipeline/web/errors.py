"""Renders errors: JSON for programs, a page for browsers."""

from collections.abc import Callable
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.exceptions.responses import create_exception_response
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import ExceptionHandlersMap

from pipeline.access.access import Access, AnyRequest
from pipeline.access.login import to_login
from pipeline.broker.errors import BrokerUnavailable
from pipeline.common.refused import Refused
from pipeline.store import StoreUnavailable

log = structlog.get_logger(__name__)

ErrorPage = Callable[[AnyRequest, int, str], Response[Any]]
"""Renders the page of an error from its status and its reason in English."""

_OF_PROGRAMS = frozenset({"v1", "schema", "metrics", "healthz"})
"""First path segments that always answer in JSON."""


def error_handlers(page: ErrorPage | None) -> ExceptionHandlersMap:
    """Return the handler of each error; without `page`, browsers get JSON too."""

    def answer(request: AnyRequest, error: HTTPException) -> Response[Any]:
        if page is None or not _wants_page(request):
            return create_exception_response(request, error)
        if "user" not in request.scope:  # without a route, the request was not authenticated
            access: Access = request.app.state.access
            request.scope["user"], request.scope["auth"] = access.recognise(request)
        shown = page(request, error.status_code, error.detail)
        shown.headers.update(error.headers or {})
        return shown

    def not_logged_in(request: AnyRequest, error: NotAuthorizedException) -> Response[Any]:
        return to_login(request) or answer(request, error)

    def plainly(status: int, message: str = "") -> Callable[[AnyRequest, Exception], Response[Any]]:
        def say(request: AnyRequest, error: Exception) -> Response[Any]:
            detail = message or str(error)
            if page and _wants_page(request):
                return answer(request, HTTPException(detail, status_code=status))
            return Response({"detail": detail}, status_code=status)

        return say

    def bug(request: AnyRequest, error: Exception) -> Response[Any]:
        log.error("request failed", path=request.url.path, exc_info=error)
        fault = plainly(HTTP_500_INTERNAL_SERVER_ERROR, "internal error; see the server log")
        return fault(request, error)

    return {
        HTTPException: answer,
        NotAuthorizedException: not_logged_in,
        Refused: plainly(400),
        RecursionError: plainly(400, "the JSON is nested too deeply"),
        UnicodeDecodeError: plainly(400, "the JSON is not UTF-8"),
        StoreUnavailable: plainly(503),
        BrokerUnavailable: plainly(503),
        HTTP_500_INTERNAL_SERVER_ERROR: bug,
    }


def _wants_page(request: AnyRequest) -> bool:
    """Return whether a browser opens a page."""
    first = request.url.path.lstrip("/").partition("/")[0]
    return first not in _OF_PROGRAMS and "text/html" in request.headers.get("accept", "")
