"""The HTTP API that commands, dashboards and other systems read; OpenAPI at /schema."""

import hmac
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from litestar import Litestar, MediaType, Response, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler, Guard
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.alert import Alert
from pipeline.api.service import CustomerView, RetryResult, Service, Status
from pipeline.broker.errors import BrokerUnavailable
from pipeline.dead_letter import DeadLetter, Reason
from pipeline.kpi import Dimension, KpiValue
from pipeline.store import StoreUnavailable

TIME = "RFC 3339 with offset"
Moment = Annotated[datetime | None, Parameter(description=TIME)]
Limit = Annotated[int, Parameter(ge=1, le=10_000, description="at most so many, the newest")]
Since = Annotated[datetime | None, Parameter(description="opened at or after; RFC 3339")]


class RetryRequest(msgspec.Struct, frozen=True):
    """Which dead letters to publish again: all, or those of one reason."""

    reason: Reason | None = None


def make_api(service: Service, token: str) -> Litestar:
    """Build the application; with a `token`, all but /healthz and /metrics demands it."""
    return Litestar(
        route_handlers=[*_handlers(service), *_probes(service)],
        guards=[_bearer(token)] if token else [],
        logging_config=None,  # ours is set; Litestar would replace it
        openapi_config=OpenAPIConfig(title="Nabız", version="1"),
        exception_handlers={
            StoreUnavailable: _away,
            BrokerUnavailable: _away,
        },
    )


def _handlers(service: Service) -> list[ControllerRouterHandler]:
    @get("/v1/kpis", sync_to_thread=True)
    def kpis(
        start: Annotated[datetime | None, Parameter(query="from", description=TIME)] = None,
        end: Annotated[datetime | None, Parameter(query="to", description=TIME)] = None,
        window_seconds: Annotated[int, Parameter(ge=60)] = 3_600,
        as_of: Moment = None,
        by: list[Dimension] | None = None,
    ) -> list[KpiValue]:
        """KPIs with n and 95% intervals, in [from, to) or in the window before `as_of` (now)."""
        for moment in (start, end, as_of):
            if moment is not None and moment.tzinfo is None:
                raise HTTPException("a time needs its offset, e.g. +03:00", status_code=400)
        return service.kpis(start, end, timedelta(seconds=window_seconds), as_of, by or [])

    @get("/v1/alerts", sync_to_thread=True)
    def alerts(
        since: Since = None,
        customer_id: str | None = None,
        limit: Limit = 1_000,
        withdrawn: bool = False,
    ) -> list[Alert]:
        """Alerts, the newest first; those withdrawn after late events only if asked for."""
        states: tuple[Literal["open", "resolved", "withdrawn"], ...] = ("open", "resolved")
        return service.store.alerts(
            since=since,
            customer_id=customer_id,
            states=(*states, "withdrawn") if withdrawn else states,
            limit=limit,
        )

    @get("/v1/customer", sync_to_thread=True)
    def customer(customer_id: str) -> CustomerView:
        """One customer: timeline over all channels, risk now and why, alerts."""
        view = service.customer(customer_id)
        if view is None:
            raise HTTPException("nothing is known of this customer", status_code=404)
        return view

    @get("/v1/dead-letters", sync_to_thread=True)
    def dead_letters(reason: Reason | None = None, limit: Limit = 1_000) -> list[DeadLetter]:
        """Messages that could not be understood, the newest first."""
        return service.store.dead_letters(reason, limit)

    @post("/v1/dead-letters/retry", sync_to_thread=True, status_code=200)
    def retry(data: RetryRequest) -> RetryResult:
        """Publish dead letters again that have not been retried yet."""
        return service.retry_dead_letters(data.reason)

    @get("/v1/status", sync_to_thread=True)
    def status() -> Status:
        """Lag, rate and last commit by role and partition; dead letters; store and broker."""
        return service.status()

    return [kpis, alerts, customer, dead_letters, retry, status]


def _probes(service: Service) -> list[ControllerRouterHandler]:
    @get("/healthz", sync_to_thread=True, opt={"public": True}, media_type=MediaType.TEXT)
    def healthz() -> Response[str]:
        """200 while the store answers, else 503 with the reason."""
        problem = service.status().store.problem
        return Response(problem or "ok", status_code=503 if problem else 200)

    @get("/metrics", sync_to_thread=True, opt={"public": True}, include_in_schema=False)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [healthz, metrics]


def _bearer(token: str) -> Guard:
    expected = f"Bearer {token}".encode()

    def guard(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        given = connection.headers.get("authorization", "").encode()
        if not handler.opt.get("public") and not hmac.compare_digest(given, expected):
            raise NotAuthorizedException("send the header Authorization: Bearer <NABIZ_API_TOKEN>")

    return guard


def _away(_: object, error: Exception) -> Response[dict[str, str]]:
    return Response({"detail": str(error)}, status_code=503)
