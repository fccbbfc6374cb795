"""An alert: an issue of one customer with its evidence, and the CloudEvent that carries it."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, cast, get_args
from uuid import UUID, uuid5

import msgspec

from pipeline.model.cloud_event import CloudEvent
from pipeline.model.open_enum import extensible

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""Severities in ascending order."""
AnySeverity: TypeAlias = Annotated[str, extensible(SEVERITIES)]
"""A severity, possibly one that a newer version added."""
AlertState = Literal["open", "resolved", "withdrawn"]
"""`withdrawn`: the cause turned out not to exist, see `Alert.ended_by`."""
STATES: tuple[AlertState, ...] = get_args(AlertState)
AnyAlertState: TypeAlias = Annotated[str, extensible(STATES)]


def known_severity(severity: str) -> Severity:
    """Return a severity; an unknown one counts as `high`, so that no alert is overlooked."""
    return next((known for known in SEVERITIES if known == severity), "high")


def grade(severity: str) -> int:
    """Return the rank of a severity, 0 for the lowest."""
    return SEVERITIES.index(known_severity(severity))


def gravity(severity: str, *, in_danger: bool) -> tuple[bool, int]:
    """Return the rank of an alert among others: danger goes before any severity."""
    return in_danger, grade(severity)


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """A quoted span `[start, end)` of an event's text; `quote` is "" if the event has no text.

    `turn` is the number of the event in its conversation, from 1; None outside a conversation.
    """

    event_id: str
    quote: str
    start: int
    end: int
    turn: int | None = None


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """The part of the customer's risk due to a rule or sign; the shares of all sum to 1.

    `load` is the rule's load; where the risk is a probability, what is added to the log-odds.
    """

    rule: str
    load: float
    share: float
    event_ids: tuple[str, ...]


class Alert(msgspec.Struct, frozen=True, gc=False):
    """The state of an alert after `revision` changes.

    `id` depends only on customer, cause and episode; `title` is `titles` in the configured
    language. `opened_at`, `updated_at` and `closed_at` are event times. `topics` are those that the
    quoted texts complain of, or else mention. `calibrated`: `risk` is the probability that the
    customer leaves within 30 days, else a score.

    `ended_by` is the rule that closed it (`solved_and_content`), or the reason of a withdrawal:
    `no_cause` after a late event, or `rules_changed`. `ending` explains it to users, by language.

    `remark` says beside the quotes, by language, that a score contradicts the customer's words, or
    that the quote is of an earlier event.

    `in_danger`: the customer, or somebody close to them, may be in danger. It goes before all other
    alerts, and its quotes are sensitive. `lost`: it ended because the customer was lost.
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
    remark: dict[str, str] | None = None
    in_danger: bool = False
    calibrated: bool = False
    lost: bool = False

    def why_ended(self, language: str) -> str:
        """Return `ending` in a language, or ""."""
        return (self.ending or {}).get(language, "")

    def said_beside(self, language: str) -> str:
        """Return `remark` in a language, or ""."""
        return (self.remark or {}).get(language, "")


def weightiest_quote(alert: Alert) -> str:
    """Return the quote of the event that contributes most to the risk; "" if there is no quote.

    If the contributing events have none, the first quote, which opened the alert: a later one may
    be a thank-you.
    """
    quotes = {proof.event_id: proof.quote for proof in alert.evidence if proof.quote}
    weighty = (event_id for part in alert.contributions for event_id in part.event_ids)
    best = next((event_id for event_id in (*weighty, *quotes) if event_id in quotes), None)
    return quotes[best].strip() if best else ""


class AlertEvent(CloudEvent[Alert], frozen=True, gc=False):
    """An alert as a CloudEvent 1.0 in structured mode."""

    dataschema: str = "urn:nabiz:schema:cx.alerts:v1"


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AlertEvent)


def to_cloudevent(alert: Alert) -> bytes:
    """Encode the alert as `application/cloudevents+json`; the same alert gives the same bytes.

    The type is `nabiz.alert.` + opened, updated, resolved or withdrawn.
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
            data=cast("Alert", msgspec.Raw(data)),  # already encoded
        )
    )


def from_cloudevent(encoded: bytes) -> Alert:
    """Decode the alert of a CloudEvent. Raises msgspec.DecodeError for other bytes."""
    return _DECODER.decode(encoded).data
