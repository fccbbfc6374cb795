"""An alert: one open matter of one customer, with its proof, and the CloudEvent that carries it."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, cast, get_args
from uuid import UUID, uuid5

import msgspec

from pipeline.model.cloud_event import CloudEvent
from pipeline.model.open_enum import extensible

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""In rising order."""
AnySeverity: TypeAlias = Annotated[str, extensible(SEVERITIES)]
"""One of them, or one of a newer version."""
AlertState = Literal["open", "resolved", "withdrawn"]
"""`withdrawn`: there is no cause after all, see `Alert.ended_by`."""
STATES: tuple[AlertState, ...] = get_args(AlertState)
AnyAlertState: TypeAlias = Annotated[str, extensible(STATES)]


def known_severity(severity: str) -> Severity:
    """Return a severity; one of a newer version counts as `high`, so that nobody is overlooked."""
    return next((known for known in SEVERITIES if known == severity), "high")


def grade(severity: str) -> int:
    """Return the place of a severity among all, the lowest 0."""
    return SEVERITIES.index(known_severity(severity))


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """A quoted span `[start, end)` of the text of an event; an event without text has quote ""."""

    event_id: str
    quote: str
    start: int
    end: int


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """How much of the customer's risk a rule accounts for; `share` of all rules sum to 1."""

    rule: str
    load: float
    share: float
    event_ids: tuple[str, ...]


class Alert(msgspec.Struct, frozen=True, gc=False):
    """The state of an alert after `revision` changes.

    `id` depends only on customer, cause and episode; `title` is `titles` in the set language.
    `opened_at`, `updated_at`, `closed_at` are event times. `topics` are what the quoted texts
    complain of, or else are about.

    `ended_by` is the rule that closed it (`solved_and_content`), or why there is no cause for it:
    `no_cause`, as a late event showed, or `rules_changed`. `ending` says so to people, by language.
    """

    id: str
    cause: str
    severity: AnySeverity
    title: str
    titles: dict[str, str]
    customer_id: str
    opened_at: datetime
    updated_at: datetime
    state: AnyAlertState
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
    topics: tuple[str, ...] = ()
    ended_by: str | None = None
    ending: dict[str, str] | None = None

    def why_ended(self, language: str) -> str:
        """Return `ending` in a language; "" where nothing is said."""
        return (self.ending or {}).get(language, "")


def weightiest_quote(alert: Alert) -> str:
    """Return the quoted sentence of the event that weighs most on the risk; "" if none has a text.

    Where those events have none, the first quote, which opened the alert: a later one may be a
    thank-you.
    """
    quotes = {one.event_id: one.quote for one in alert.evidence if one.quote}
    weighty = (event_id for one in alert.contributions for event_id in one.event_ids)
    best = next((one for one in (*weighty, *quotes) if one in quotes), None)
    return quotes[best].strip() if best else ""


class AlertEvent(CloudEvent[Alert], frozen=True, gc=False):
    """An alert as a CloudEvent 1.0 in structured mode."""

    dataschema: str = "urn:nabiz:schema:cx.alerts:v1"


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AlertEvent)


def to_cloudevent(alert: Alert) -> bytes:
    """Return the alert as `application/cloudevents+json`; the same alert gives the same bytes.

    Its type is `nabiz.alert.` + opened, updated, resolved or withdrawn.
    """
    data = _ENCODER.encode(alert)
    kind: str = alert.state
    if alert.state == "open":
        kind = "opened" if alert.revision == 1 else "updated"
    return _ENCODER.encode(
        AlertEvent(
            id=str(uuid5(UUID(alert.id), data.decode())),
            source="nabiz/detect",
            type=f"nabiz.alert.{kind}",
            subject=alert.customer_id,
            time=alert.updated_at,
            data=cast("Alert", msgspec.Raw(data)),  # encoded already
        )
    )


def from_cloudevent(encoded: bytes) -> Alert:
    """Return the alert of a CloudEvent. Raises msgspec.DecodeError if it is none."""
    return _DECODER.decode(encoded).data
