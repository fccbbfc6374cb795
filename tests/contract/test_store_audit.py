"""The table of the audit trail, on each engine."""

from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.model.audit import AuditEntry
from pipeline.store import Store

NOON = datetime(2026, 3, 2, 12, 0, 0, 123_456, tzinfo=UTC)


def entry(minute: int, **fields: object) -> AuditEntry:
    made = AuditEntry(
        audit_id=f"e{minute}",
        at=NOON + timedelta(minutes=minute),
        by="ayse",
        role="agent",
        what="customer.viewed",
        status=200,
        address="2001:db8::1",
        customer_id="c'1\\",
    )
    return msgspec.structs.replace(made, **fields)


def test_entries_come_back_as_they_were_the_newest_first(store: Store) -> None:
    look = entry(0)
    login = entry(1, what="login", status=401, customer_id=None)
    deed = entry(2, by="mehmet", role="admin", what="alert.assign", alert_id="a1")
    store.write_audit([look, login, deed])
    store.write_audit([])
    assert store.audit() == [deed, login, look]
    assert store.audit(limit=1) == [deed]
    assert store.audit(since=login.at) == [deed, login]
    assert store.audit(by="ayse") == [login, look]
    assert store.audit(customer_id="c'1\\") == [deed, look]
    assert store.audit(by="nobody") == []


def test_an_entry_that_is_written_again_is_one_entry(store: Store) -> None:
    store.write_audit([entry(0), entry(1)])
    store.write_audit([entry(1), entry(2)])
    assert store.audit() == [entry(2), entry(1), entry(0)]
