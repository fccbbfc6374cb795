"""Builds alerts, follow-ups and inbox items for the tests of the board."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pipeline.board.inbox.item import InboxItem
from pipeline.follow_up.case import Case, CaseCause
from pipeline.follow_up.value import FollowUp
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from tests.support.alerts import made_up

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alert(name: str = "a1", minutes_ago: float = 10, **fields: Any) -> Alert:
    return made_up(name, NOW - minutes_ago * MINUTE, **fields)


def follow_up(of: Alert, **fields: Any) -> FollowUp:
    defaults: dict[str, Any] = {
        "alert_id": of.id,
        "customer_id": of.customer_id,
        "cause": of.cause,
        "severity": of.severity,
        "stage": "open",
        "revision": 1,
        "opened_at": of.opened_at,
        "updated_at": of.updated_at,
    }
    return FollowUp(**(defaults | fields))


def case(*of: Alert, **fields: Any) -> Case:
    """Return the case of alerts, in this order, that one customer has."""
    first = of[0]
    defaults: dict[str, Any] = {
        "case_id": f"case-{first.id}",
        "customer_id": first.customer_id,
        "severity": first.severity,
        "stage": "open",
        "revision": 1,
        "opened_at": first.opened_at,
        "updated_at": first.updated_at,
        "causes": tuple(
            CaseCause(one.id, one.cause, one.severity, one.state, "open", one.opened_at)
            for one in of
        ),
        "brand": first.brand,
        "segment": first.segment,
        "channel": first.channel,
    }
    return Case(**(defaults | fields))


def item(name: str = "a1", minutes_ago: float = 10, *actions: Action, **fields: Any) -> InboxItem:
    """Return an item of one alert; fields of a case that an alert lacks are the case's."""
    of_case = {*Case.__struct_fields__} - {*Alert.__struct_fields__} | {"updated_at"}
    own = {name: fields.pop(name) for name in list(fields) if name in of_case}
    of = alert(name, minutes_ago, **fields)
    return InboxItem(case(of, **own), (of,), actions)


def action(kind: str, by: str = "ayşe", minutes_ago: float = 1, **fields: Any) -> Action:
    at = NOW - minutes_ago * MINUTE
    defaults = {"action_id": f"{kind}-{by}-{minutes_ago:g}", "alert_id": "a1", "customer_id": "c1"}
    return msgspec.convert(defaults | {"kind": kind, "by": by, "at": at} | fields, Action)
