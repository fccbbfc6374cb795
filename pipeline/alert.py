"""An alert: one open matter of one customer, with its proof."""

from datetime import datetime
from typing import Literal

import msgspec

Severity = Literal["low", "medium", "high", "critical"]
AlertState = Literal["open", "resolved", "withdrawn"]
"""`withdrawn`: an event that came late showed that there was no cause."""


class Evidence(msgspec.Struct, frozen=True):
    """A quoted span `[start, end)` of the text of an event; an event without text has quote ""."""

    event_id: str
    quote: str
    start: int
    end: int


class Contribution(msgspec.Struct, frozen=True):
    """How much of the customer's risk a rule accounts for; `share` of all rules sum to 1."""

    rule: str
    load: float
    share: float
    event_ids: tuple[str, ...]


class Alert(msgspec.Struct, frozen=True):
    """The state of an alert after `revision` changes.

    `id` depends only on customer, cause and episode; `title` is `titles` in the set language.
    `opened_at`, `updated_at`, `closed_at` are event times.
    """

    id: str
    cause: str
    severity: Severity
    title: str
    titles: dict[str, str]
    customer_id: str
    opened_at: datetime
    updated_at: datetime
    state: AlertState
    risk: float
    contributions: tuple[Contribution, ...]
    evidence: tuple[Evidence, ...]
    playbook: str
    dedup_key: str
    rules_version: str
    revision: int = 1
    closed_at: datetime | None = None
    brand: str | None = None
    segment: str | None = None
    channel: str | None = None
