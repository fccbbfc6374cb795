"""Collects all routes of the API."""

from datetime import timedelta
from typing import Annotated

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery, QueryParameter
from litestar.types import ControllerRouterHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.access.authorization import PROBE, VIEWER, requires
from pipeline.api.alert_routes import alert_routes
from pipeline.api.audit_routes import audit_routes
from pipeline.api.dead_letter_routes import dead_letter_routes
from pipeline.api.parameters import By, From, Time, To, dimensions, moment
from pipeline.kpi.definitions import KpiValue
from pipeline.service.service import Service
from pipeline.service.views import CustomerView, Status

LONGEST_WINDOW = 10 * 366 * 86_400


def api_routes(service: Service) -> list[ControllerRouterHandler]:
    """Return the handlers of the API and of its probes."""
    return [
        *_overview_routes(service),
        *alert_routes(service),
        *dead_letter_routes(service),
        *audit_routes(service),
        *_probes(service),
    ]


def _overview_routes(service: Service) -> list[ControllerRouterHandler]:
    @get("/v1/kpis", sync_to_thread=True, opt=VIEWER)
    def kpis(
        start: From = None,
        end: To = None,
        window_seconds: Annotated[int, QueryParameter(ge=60, le=LONGEST_WINDOW)] = 3_600,
        as_of: Time = None,
        by: By = None,
    ) -> list[KpiValue]:
        """KPIs with n and 95% intervals, in [from, to) or in the window before `as_of` (now)."""
        return service.kpis(
            moment("from", start),
            moment("to", end),
            timedelta(seconds=window_seconds),
            moment("as_of", as_of),
            dimensions(by or []),
        )

    @get("/v1/customer", sync_to_thread=True, opt=requires("viewer", audit="customer.viewed"))
    def customer(customer_id: FromQuery[str]) -> CustomerView:
        """A customer: timeline over all channels, current risk with its reasons, alerts."""
        view = service.customer(customer_id)
        if view is None:
            raise NotFoundException("nothing is known of this customer")
        return view

    @get("/v1/status", sync_to_thread=True, opt=VIEWER)
    def status() -> Status:
        """Lag, rate and last commit by role and partition; dead letters; store and broker."""
        return service.status()

    return [kpis, customer, status]


def _probes(service: Service) -> list[ControllerRouterHandler]:
    @get("/healthz", sync_to_thread=True, opt=PROBE, media_type=MediaType.TEXT)
    def healthz() -> str:
        """Return 200 while the store answers, else 503 with the reason."""
        service.store.ping()
        return "ok"

    @get("/metrics", sync_to_thread=True, opt=PROBE, include_in_schema=False)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [healthz, metrics]
