"""The route of the audit trail."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from pipeline.access.authorization import requires
from pipeline.api.parameters import Limit, Time, moment
from pipeline.model.audit import AuditEntry
from pipeline.service.service import Service


def audit_routes(service: Service) -> list[ControllerRouterHandler]:
    """Return the handler."""

    @get("/v1/audit", sync_to_thread=True, opt=requires("admin", audit="audit.viewed"))
    def audit(
        since: Time = None,
        by: Annotated[str, QueryParameter(description="entries of this user")] = "",
        customer_id: Annotated[str, QueryParameter(description="entries about this customer")] = "",
        limit: Limit = 1_000,
    ) -> list[AuditEntry]:
        """The audit trail: who viewed which customer and who did what, newest first."""
        return service.store.audit(moment("since", since), by, customer_id, limit)

    return [audit]
