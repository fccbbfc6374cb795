"""Reads and writes the table of cases."""

from collections.abc import Sequence
from itertools import starmap

import msgspec

from pipeline.common.epoch_micros import to_micros
from pipeline.follow_up.case import Case
from pipeline.follow_up.value import Stage
from pipeline.store.backend import Backend, Parameter, Row
from pipeline.store.follow_ups import micros
from pipeline.store.rows import as_stored, by_column
from pipeline.store.sql import chosen, query

CASE_COLUMNS = (
    *("case_id", "revision", "customer_id", "severity", "stage", "owner", "outcome", "end"),
    *("brand", "segment", "channel", "escalation", "alert_ids", "opened_us", "updated_us"),
    *("acknowledged_us", "contacted_us", "informed_us", "ended_us"),
    *("acknowledge_due_us", "contact_due_us", "case"),
)


def write_cases(backend: Backend, cases: Sequence[Case], as_sent: Sequence[bytes]) -> None:
    """Insert cases; reads return the highest revision."""
    if cases:
        rows = list(starmap(_row, zip(cases, as_stored(cases, as_sent), strict=True)))
        backend.insert("cases", by_column(CASE_COLUMNS, rows))


def read_cases(
    backend: Backend,
    stages: Sequence[Stage] | None,
    customer_id: str | None,
    case_ids: Sequence[str] | None,
    alert_ids: Sequence[str] | None,
    limit: int,
) -> list[Case]:
    """Return cases, last changed first; None means all. `alert_ids` are alerts of them."""
    parameters: dict[str, Parameter] = {
        **chosen("case_ids", case_ids),
        **chosen("alert_ids", alert_ids),
        **chosen("stages", stages),
        "customer_id": customer_id or "",
        "limit": limit,
    }
    rows = backend.execute(query("cases"), parameters)
    return [msgspec.json.decode(encoded, type=Case) for (encoded,) in rows]


def _row(case: Case, content: str) -> Row:
    return (
        case.case_id,
        case.revision,
        case.customer_id,
        case.severity,
        case.stage,
        case.owner or "",
        case.outcome or "",
        case.end or "",
        case.brand or "",
        case.segment or "",
        case.channel or "",
        case.escalation,
        [cause.alert_id for cause in case.causes],
        to_micros(case.opened_at),
        to_micros(case.updated_at),
        micros(case.acknowledged_at),
        micros(case.contacted_at),
        micros(case.informed_at),
        micros(case.ended_at),
        micros(case.acknowledge_due),
        micros(case.contact_due),
        content,
    )
