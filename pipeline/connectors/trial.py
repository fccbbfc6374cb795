"""Tries a recorded delivery on a mapping, through every step of a real one except Kafka."""

from collections.abc import Mapping as Names
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from pipeline.connectors.connection import connection_of
from pipeline.connectors.keeping import kept
from pipeline.connectors.language.path import Path
from pipeline.connectors.mapping import Mapping
from pipeline.connectors.outcome import Answer, Draft, Request
from pipeline.connectors.recorded import Recorded
from pipeline.connectors.verify.admission import Accepted, Answered, Passed, Unverified, admit
from pipeline.ingest.decode import encode_event
from pipeline.sources.csv_cells import month_first

Outcome = Literal["events", "ignore", "refuse", "answer", "erase"]
LOOK_UPS = 5
"""Most rounds of look-ups, one of which may lead to the next."""


class Trial(NamedTuple):
    """The outcome of a recorded delivery.

    `status` is that of the answer, None without a request; `reason` is a dead letter's,
    `bad_signature`, or why it is ignored; `answer` is that to a handshake; `events` are envelopes.
    """

    outcome: Outcome
    status: int | None = None
    reason: str | None = None
    detail: str | None = None
    answer: dict[str, Any] | None = None
    events: tuple[dict[str, Any], ...] = ()
    refused: int = 0


class Expected(msgspec.Struct, frozen=True):
    """The expected `Trial`; fields that are not given may be anything, except `events`."""

    outcome: str | msgspec.UnsetType = msgspec.UNSET
    status: int | msgspec.UnsetType | None = msgspec.UNSET
    reason: str | msgspec.UnsetType | None = msgspec.UNSET
    refused: int | msgspec.UnsetType = msgspec.UNSET
    answer: dict[str, Any] = {}
    events: tuple[dict[str, Any], ...] = ()


def tried(
    recorded: Recorded, mapping: Mapping, now: datetime, reached: set[Path] | None = None
) -> Trial:
    """Try a recorded delivery. Raises ConnectionInvalid.

    Without a recorded time it arrived `now`. `reached` collects the paths that led to a value.
    """
    cells = (str(cell) for row in recorded.csv or () for cell in row)
    settings = {**mapping.defaults, **recorded.connection, "months_first": month_first(cells)}
    recorded = msgspec.structs.replace(recorded, connection=settings)
    connection = connection_of(mapping.system, mapping.system, settings)
    delivery = recorded.delivery(now)
    status = None
    if recorded.transport == "webhook":
        admission = admit(delivery, mapping, connection, reached)
        if not isinstance(admission, Accepted):
            return _not_mapped(admission)
        delivery, status = kept(delivery, mapping), 200
    fetched: dict[Request, Answer] = {}
    for _ in range(LOOK_UPS):
        draft = mapping.map(delivery, connection, recorded.recall, fetched, reached)
        if not draft.wanted:
            break
        fetched |= {request: _recorded(recorded, request) for request in draft.wanted}
    return _told(draft, status)


def _not_mapped(admission: Answered | Passed | Unverified) -> Trial:
    match admission:
        case Answered(status=status, body=body):
            return Trial("answer", status, answer={"status": status, "body": body})
        case Passed(reason=reason):
            return Trial("ignore", 200, reason)
        case Unverified(reason=reason):
            return Trial("refuse", 401, "bad_signature", f"Not verified: {reason}.")


def _recorded(recorded: Recorded, request: Request) -> Answer:
    """Return the source's final answer to a request that may be repeated."""
    for fetch in recorded.fetches:
        there = fetch.status < 300 and fetch.status != 204
        if fetch.url == request.url and (there or not request.retried):
            return Answer(fetch.body if there else None)
    return Answer(None)


def _told(draft: Draft, status: int | None) -> Trial:
    events = tuple(msgspec.json.decode(encode_event(event)) for event in draft.events)
    refused = len(draft.refused)
    if draft.refused:
        first = draft.refused[0]
        reason, detail = str(first.reason), first.detail
        outcome: Outcome = "events" if events else "refuse"
        return Trial(outcome, status, reason, detail, None, events, refused)
    if events:
        return Trial("events", status, events=events)
    if draft.erased:
        return Trial("erase", status)
    reasons = [*draft.ignored, *(f"unmapped: {kind}" for kind in draft.unmapped)]
    return Trial("ignore", status, reasons[0] if reasons else None)


def differences(expected: Expected, trial: Trial) -> list[str]:
    """Return the differences from the expectation; of events and answers, only listed fields."""
    problems = [
        f"`{name}` is {getattr(trial, name)!r}, expected {want!r}"
        for name in ("outcome", "status", "reason", "refused")
        if (want := getattr(expected, name)) not in (msgspec.UNSET, getattr(trial, name))
    ]
    problems += _differing("`answer.", expected.answer, trial.answer or {})
    if len(expected.events) != len(trial.events):
        problems.append(f"there are {len(trial.events)} events, expected {len(expected.events)}")
    for number, (want, event) in enumerate(zip(expected.events, trial.events, strict=False), 1):
        problems += _differing(f"event {number}: `", want, event)
    return problems


def _differing(place: str, wanted: Names[str, Any], got: Names[str, Any]) -> list[str]:
    return [
        f"{place}{name}` is {got.get(name)!r}, expected {want!r}"
        for name, want in wanted.items()
        if got.get(name) != want
    ]
