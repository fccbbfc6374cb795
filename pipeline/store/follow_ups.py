"""Reads and writes the tables of follow-ups and actions."""

from collections.abc import Sequence
from datetime import datetime
from itertools import starmap

import msgspec

from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.follow_up.value import FollowUp, Stage
from pipeline.model.action import Action
from pipeline.store.backend import Backend, Parameter, Row
from pipeline.store.rows import as_stored, by_column
from pipeline.store.sql import chosen, query

FOLLOW_UP_COLUMNS = (
    *("alert_id", "revision", "customer_id", "cause", "severity", "stage", "owner", "outcome"),
    *("brand", "segment", "channel", "escalation", "opened_us", "updated_us"),
    *("acknowledged_us", "contacted_us", "resolved_us", "informed_us", "snoozed_us"),
    *("acknowledge_due_us", "contact_due_us", "follow_up"),
)
ACTION_COLUMNS = (
    *("action_id", "alert_id", "customer_id", "kind", "by", "at_us"),
    *("assignee", "until_us", "outcome", "note", "undoes"),
)


def write_follow_ups(
    backend: Backend, follow_ups: Sequence[FollowUp], as_sent: Sequence[bytes]
) -> None:
    """Insert follow-ups; reads return the highest revision."""
    if follow_ups:
        pairs = zip(follow_ups, as_stored(follow_ups, as_sent), strict=True)
        rows = list(starmap(_follow_up_row, pairs))
        backend.insert("follow_ups", by_column(FOLLOW_UP_COLUMNS, rows))


def read_follow_ups(
    backend: Backend,
    stages: Sequence[Stage] | None,
    customer_id: str | None,
    alert_ids: Sequence[str] | None,
    limit: int,
) -> list[FollowUp]:
    """Return follow-ups, last changed first; None means all."""
    parameters: dict[str, Parameter] = {
        **chosen("alert_ids", alert_ids),
        **chosen("stages", stages),
        "customer_id": customer_id or "",
        "limit": limit,
    }
    rows = backend.execute(query("follow_ups"), parameters)
    return [msgspec.json.decode(encoded, type=FollowUp) for (encoded,) in rows]


def write_actions(backend: Backend, actions: Sequence[Action]) -> None:
    """Insert actions; duplicates are stored once."""
    if actions:
        rows = [_action_row(action) for action in actions]
        backend.insert("alert_actions", by_column(ACTION_COLUMNS, rows))


def read_actions(backend: Backend, alert_id: str, customer_id: str, limit: int) -> list[Action]:
    """Return actions, newest first; "" means all alerts or customers."""
    statement = query("actions").format(columns=", ".join(ACTION_COLUMNS))
    parameters: dict[str, Parameter] = {
        "alert_id": alert_id,
        "customer_id": customer_id,
        "limit": limit,
    }
    return [_action_of(row) for row in backend.execute(statement, parameters)]


def _follow_up_row(follow_up: FollowUp, content: str) -> Row:
    return (
        follow_up.alert_id,
        follow_up.revision,
        follow_up.customer_id,
        follow_up.cause,
        follow_up.severity,
        follow_up.stage,
        follow_up.owner or "",
        follow_up.outcome or "",
        follow_up.brand or "",
        follow_up.segment or "",
        follow_up.channel or "",
        follow_up.escalation,
        to_micros(follow_up.opened_at),
        to_micros(follow_up.updated_at),
        micros(follow_up.acknowledged_at),
        micros(follow_up.contacted_at),
        micros(follow_up.resolved_at),
        micros(follow_up.informed_at),
        micros(follow_up.snoozed_until),
        micros(follow_up.acknowledge_due),
        micros(follow_up.contact_due),
        content,
    )


def _action_row(action: Action) -> Row:
    return (
        action.action_id,
        action.alert_id,
        action.customer_id,
        action.kind,
        action.by,
        to_micros(action.at),
        action.assignee or "",
        micros(action.until),
        action.outcome or "",
        action.note,
        action.undoes or "",
    )


def _action_of(row: Row) -> Action:
    fields = dict(zip(ACTION_COLUMNS, row, strict=True))
    at, until = fields.pop("at_us"), fields.pop("until_us")
    present = {name: value for name, value in fields.items() if value != ""}
    times = {"at": to_datetime(at), "until": to_datetime(until) if until else None}
    return msgspec.convert({**present, **times}, Action)


def micros(moment: datetime | None) -> int:
    """Return a time as stored: microseconds since 1970, 0 for None."""
    return to_micros(moment) if moment else 0
