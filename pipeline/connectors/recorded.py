"""Recorded deliveries: what arrived, and what must become of it, for whoever writes a mapping."""

from datetime import datetime
from pathlib import Path
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

    `connection` is what the owner has set up. Other keys are remarks.
    """

    system: str
    transport: Literal["webhook", "poll", "file", "kafka", "stream"] = "webhook"
    method: str = "POST"
    url: str = ""
    headers: dict[str, str] = {}
    body: Any = None
    raw_body: str | None = None
    form: dict[str, str] | None = None
    csv: list[list[str]] | None = None
    received_at: datetime | None = None
    fetches: tuple[Fetch, ...] = ()
    connection: dict[str, Any] = {}

    def delivery(self, now: datetime) -> Delivery:
        """Return the delivery; one whose time was not noted came `now`."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.form is not None:
            body, headers["content-type"] = urlencode(self.form).encode(), FORM
        elif self.csv is not None:
            body = msgspec.json.encode({"rows": self._rows()})
        elif self.raw_body is not None:
            body = self.raw_body.encode()
        else:
            body = msgspec.json.encode(self.body) if self.body is not None else b""
        received_at = self.received_at or now
        return Delivery(self.system, received_at, body, self.method, self.url, headers)

    def _rows(self) -> list[dict[str, str]]:
        columns = self.connection.get("columns", ())
        return [dict(zip(columns, row, strict=False)) for row in self.csv or ()]


def read_recorded(path: Path) -> Recorded:
    """Read a recorded delivery. Raises OSError and msgspec.DecodeError."""
    return msgspec.json.decode(path.read_bytes(), type=Recorded)
