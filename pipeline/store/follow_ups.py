"""Reads and writes the tables of follow-ups and of the actions that lead to them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.follow_up.value import FollowUp, Stage
from pipeline.model.action import Action
from pipeline.store.backend import Backend, Parameter, Row
from pipeline.store.rows import by_column, kept_as_sent
from pipeline.store.sql import query

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
    """Insert follow-ups; of several revisions the highest is read."""
    if follow_ups:
        columns = by_column(FOLLOW_UP_COLUMNS, [_follow_up_row(one) for one in follow_ups])
        backend.insert("follow_ups", {**columns, **kept_as_sent("follow_up", as_sent)})


def read_follow_ups(
    backend: Backend,
    stages: Sequence[Stage] | None,
    customer_id: str | None,
    alert_ids: Sequence[str] | None,
    limit: int,
) -> list[FollowUp]:
    """Return follow-ups, the last changed first; None stands for all."""
    parameters: dict[str, Parameter] = {
        "all_alerts": int(alert_ids is None),
        "alert_ids": tuple(alert_ids or ("",)),
        "customer_id": customer_id or "",
        "all_stages": int(stages is None),
        "stages": tuple(stages or ("",)),
        "limit": limit,
    }
    found = backend.execute(query("follow_ups"), parameters)
    return [msgspec.json.decode(one, type=FollowUp) for (one,) in found]


def write_actions(backend: Backend, actions: Sequence[Action]) -> None:
    """Insert actions; one that is there already stays one."""
    if actions:
        rows = [_action_row(one) for one in actions]
        backend.insert("alert_actions", by_column(ACTION_COLUMNS, rows))


def read_actions(backend: Backend, alert_id: str, customer_id: str, limit: int) -> list[Action]:
    """Return actions, the last first; "" stands for all alerts or customers."""
    statement = query("actions").format(columns=", ".join(ACTION_COLUMNS))
    parameters: dict[str, Parameter] = {
        "alert_id": alert_id,
        "customer_id": customer_id,
        "limit": limit,
    }
    return [_action_of(row) for row in backend.execute(statement, parameters)]


def _follow_up_row(one: FollowUp) -> Row:
    return (
        *(one.alert_id, one.revision, one.customer_id, one.cause, one.severity, one.stage),
        *(one.owner or "", one.outcome or "", one.brand or "", one.segment or ""),
        *(one.channel or "", one.escalation, to_micros(one.opened_at), to_micros(one.updated_at)),
        *(_micros(one.acknowledged_at), _micros(one.contacted_at), _micros(one.resolved_at)),
        *(_micros(one.informed_at), _micros(one.snoozed_until)),
        *(_micros(one.acknowledge_due), _micros(one.contact_due)),
        msgspec.json.encode(one).decode(),
    )


def _action_row(one: Action) -> Row:
    return (
        *(one.action_id, one.alert_id, one.customer_id, one.kind, one.by, to_micros(one.at)),
        *(one.assignee or "", _micros(one.until), one.outcome or "", one.note, one.undoes or ""),
    )


def _action_of(row: Row) -> Action:
    fields = dict(zip(ACTION_COLUMNS, row, strict=True))
    at, until = fields.pop("at_us"), fields.pop("until_us")
    given = {name: value for name, value in fields.items() if value != ""}
    times = {"at": to_datetime(at), "until": to_datetime(until) if until else None}
    return msgspec.convert({**given, **times}, Action)


def _micros(moment: datetime | None) -> int:
    return to_micros(moment) if moment else 0
