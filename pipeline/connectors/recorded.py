"""Recorded deliveries: what arrived, and what must become of it, for whoever writes a mapping."""

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from pipeline.connectors.delivery import Delivery

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Fetch(msgspec.Struct, frozen=True):
    """What the API of the source answers; after `times` answers the next entry of the url does."""

    url: str
    method: str = "GET"
    status: int = 200
    body: Any = None
    times: int | None = None


class Recorded(msgspec.Struct, frozen=True):
    """A delivery as it is recorded: `body`, `raw_body`, `form` or `csv` is what was sent.

    A field of a form that was sent several times has a list. Columns of a CSV that the connection
    does not list are named by its first row. `connection` is what the owner has set up,
    `remembered` what earlier deliveries said, by kind and key; `received_at` is in UTC where it has
    no offset. Other keys are remarks.
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
        """Return the delivery; one whose time was not noted came `now`."""
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
        """Return what is remembered under a key."""
        return self.remembered.get(kind, {}).get(key)

    def _rows(self) -> list[dict[str, Any]]:
        columns, rows = self.connection.get("columns"), self.csv or []
        if not isinstance(columns, list):  # the first row names them
            columns, rows = rows[0] if rows else [], rows[1:]
        return [dict(zip(map(str, columns), row, strict=False)) for row in rows]


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
