"""Reads and writes the table of the audit trail."""

from collections.abc import Sequence
from datetime import datetime

from pipeline.common.epoch_micros import to_datetime, to_micros
from pipeline.model.audit import AuditEntry
from pipeline.store.backend import Backend, Row
from pipeline.store.rows import by_column
from pipeline.store.sql import query

AUDIT_COLUMNS = (
    *("audit_id", "at_us", "who", "role", "what", "status", "address", "customer_id", "alert_id"),
)


def write_audit(backend: Backend, entries: Sequence[AuditEntry]) -> None:
    """Insert entries; duplicates are stored once."""
    if entries:
        rows = [_row_of(entry) for entry in entries]
        backend.insert("audit", by_column(AUDIT_COLUMNS, rows))


def read_audit(
    backend: Backend, since: datetime | None, by: str, customer_id: str, limit: int
) -> list[AuditEntry]:
    """Return entries from `since` on, newest first; "" means all users or customers."""
    rows = backend.execute(
        query("audit").format(columns=", ".join(AUDIT_COLUMNS)),
        {
            "since": to_micros(since) if since else 0,
            "who": by,
            "customer_id": customer_id,
            "limit": limit,
        },
    )
    return [_entry_of(row) for row in rows]


def _row_of(entry: AuditEntry) -> Row:
    return (
        *(entry.audit_id, to_micros(entry.at), entry.by, entry.role, entry.what, entry.status),
        *(entry.address, entry.customer_id or "", entry.alert_id or ""),
    )


def _entry_of(row: Row) -> AuditEntry:
    audit_id, at, by, role, what, status, address, customer_id, alert_id = row
    return AuditEntry(
        *(audit_id, to_datetime(at), by, role, what, status, address),
        *(customer_id or None, alert_id or None),
    )
