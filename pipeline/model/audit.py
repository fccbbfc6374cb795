"""The audit trail: which user viewed which customer, and who did what."""

from datetime import datetime

import msgspec


class AuditEntry(msgspec.Struct, frozen=True, gc=False):
    """A request of a user to view or change something, allowed or not.

    `what` is a stable name like `customer.viewed`; `status` is the HTTP status of the response, 403
    if it was refused. `by` and `role` are the user and the role at that time, `address` is the
    client's.
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
