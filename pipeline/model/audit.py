"""The audit trail: who looked at whom, and who did what."""

from datetime import datetime

import msgspec


class AuditEntry(msgspec.Struct, frozen=True, gc=False):
    """One look or deed of a user, allowed or not.

    `what` is a stable name like `customer.viewed`; `status` the HTTP status of the answer, so that
    403 tells a refusal. `by` and `role` are those of the user at that time, `address` where the
    request came from.
    """

    audit_id: str
    at: datetime
    by: str
    role: str
    what: str
    status: int
    address: str
    customer_id: str | None = None
    alert_id: str | None = None
