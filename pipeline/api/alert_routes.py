"""Routes of alerts, their follow-ups, the cases of customers, and actions on them."""

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from pipeline.access.access import Access, about
from pipeline.access.authorization import VIEWER, requires
from pipeline.access.user import User
from pipeline.api.parameters import Limit, Time, moment
from pipeline.common.refused import Refused
from pipeline.detection.what_if import WhatIf
from pipeline.follow_up.case import Case
from pipeline.follow_up.value import FollowUp, Stage
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from pipeline.service.service import Service
from pipeline.service.views import ActionRequest

Stages = Annotated[list[Stage] | None, QueryParameter(description="any of them; repeated")]


def alert_routes(service: Service) -> list[ControllerRouterHandler]:
    """Return the handlers."""

    @get("/v1/alerts", sync_to_thread=True, opt=VIEWER)
    def alerts(
        since: Time = None,
        customer_id: FromQuery[str | None] = None,
        limit: Limit = 1_000,
        withdrawn: FromQuery[bool] = False,
    ) -> list[Alert]:
        """Alerts opened at or after `since`, newest first; withdrawn ones only on request."""
        return service.store.alerts(
            since=moment("since", since),
            customer_id=customer_id,
            without_states=() if withdrawn else ("withdrawn",),
            limit=limit,
        )

    @get("/v1/follow-ups", sync_to_thread=True, opt=VIEWER)
    def follow_ups(
        stage: Stages = None,
        customer_id: FromQuery[str | None] = None,
        limit: Limit = 1_000,
    ) -> list[FollowUp]:
        """Follow-ups of alerts, last changed first."""
        return service.store.follow_ups(stages=stage, customer_id=customer_id, limit=limit)

    @get(
        "/v1/alerts/{alert_id:str}/what-if",
        sync_to_thread=True,
        opt=requires("viewer", audit="alert.viewed"),
    )
    def what_if(alert_id: FromPath[str], request: Request[User, Any, State]) -> WhatIf:
        """The risk of an alert without each of its causes, and what would calm the customer."""
        found = service.store.alerts(ids=[alert_id])
        if not found:
            raise NotFoundException("there is no such alert")
        about(request, customer_id=found[0].customer_id)
        return service.what_if(found[0])

    @get("/v1/cases", sync_to_thread=True, opt=VIEWER)
    def cases(
        stage: Stages = None,
        customer_id: FromQuery[str | None] = None,
        limit: Limit = 1_000,
    ) -> list[Case]:
        """Cases of customers, last changed first."""
        return service.store.cases(stages=stage, customer_id=customer_id, limit=limit)

    @post(
        "/v1/alerts/{alert_id:str}/actions",
        sync_to_thread=True,
        opt=requires("agent", audit="alert.acted"),
    )
    def act(
        alert_id: FromPath[str], data: JSONBody[ActionRequest], request: Request[User, Any, State]
    ) -> Action:
        """Publish an action on an alert, or on a case (by its id): on all its open alerts."""
        access: Access = request.app.state.access
        if data.assignee and not access.knows(data.assignee):
            raise Refused("`assignee` is not a known user (nabiz users list)")
        action = service.act(alert_id, data, request.user.name)
        if action is None:
            raise NotFoundException("there is no such alert or case")
        about(request, what=f"alert.{action.kind}", customer_id=action.customer_id)
        return action

    return [alerts, follow_ups, cases, what_if, act]
