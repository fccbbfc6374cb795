"""Recorded deliveries with their expected outcome, for authors of mappings."""

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from pipeline.connectors.delivery import Delivery

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Fetch(msgspec.Struct, frozen=True):
    """A recorded answer of the source's API; after `times` uses, the URL's next entry follows."""

    url: str
    method: str = "GET"
    status: int = 200
    body: Any = None
    times: int | None = None


class Recorded(msgspec.Struct, frozen=True):
    """A recorded delivery: `body`, `raw_body`, `form` or `csv` is the body.

    A repeated field of a form has a list. Columns of a CSV that the connection does not list are
    named by its first row. `connection` has the owner's settings, `remembered` memories of earlier
    deliveries, by kind and key; `received_at` is in UTC without an offset. Other keys are remarks.
    """

    system: str
    transport: Literal["webhook", "poll", "file", "kafka", "stream"] = "webhook"
    method: str | None = None
    url: str | None = None
    headers: dict[str, Any] | None = None
    body: Any = None
    raw_body: str | None = None
    form: dict[str, Any] | None = None
    csv: list[list[Any]] | None = None
    received_at: datetime | None = None
    fetches: tuple[Fetch, ...] = ()
    connection: dict[str, Any] = {}
    remembered: dict[str, dict[str, str]] = {}

    def delivery(self, now: datetime) -> Delivery:
        """Return the delivery; without a recorded time it arrived `now`."""
        headers = {name.lower(): str(value) for name, value in (self.headers or {}).items()}
        if self.form is not None:
            body = urlencode(self.form, doseq=True, errors="replace").encode()
            headers["content-type"] = FORM
        elif self.csv is not None:
            body = msgspec.json.encode({"rows": self._rows()})
        elif self.raw_body is not None:
            body = self.raw_body.encode(errors="replace")
        else:
            body = msgspec.json.encode(self.body) if self.body is not None else b""
        return Delivery(
            self.system,
            _aware(self.received_at) if self.received_at else now,
            body,
            self.method or "POST",
            self.url or "",
            headers,
        )

    def recall(self, kind: str, key: str) -> str | None:
        """Return the memory of a kind and key, or None."""
        return self.remembered.get(kind, {}).get(key)

    def _rows(self) -> list[dict[str, Any]]:
        columns, rows = self.connection.get("columns"), self.csv or []
        if not isinstance(columns, list):  # the first row names them
            columns, rows = rows[0] if rows else [], rows[1:]
        return [dict(zip(map(str, columns), row, strict=False)) for row in rows]


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
