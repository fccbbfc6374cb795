"""The state of a customer: a fold over events in event order, and its published alerts.

The log holds the last events sorted by (`occurred_at`, `event_id`), the snapshot is the fold of all
events before them, the head the fold of all events. So neither order of arrival nor batches matter
as long as the events fit in the log. An event older than the snapshot counts as of the snapshot's
end; one older than the oldest remembered id of an evicted event could be a duplicate and is
ignored.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

import msgspec

from pipeline.common.epoch_micros import to_micros
from pipeline.config.groups import DetectSettings
from pipeline.detection.assessment import parts_of, risk_of, shares_of
from pipeline.detection.entry import entry_of
from pipeline.detection.episodes import (
    AlertContext,
    NoCause,
    alert_of,
    changes,
    contributions_of,
    is_settled,
    without_settled,
)
from pipeline.detection.fold import BEGINNING, Fold
from pipeline.detection.log import Log, LogDraft
from pipeline.detection.rules import RuleSet
from pipeline.detection.step import pass_time, step
from pipeline.detection.waits import NEVER, next_overdue
from pipeline.model.alert import Alert, Contribution
from pipeline.model.reading import Scored

__all__ = [
    "AT_ONCE",
    "NEVER",
    "Arrival",
    "CustomerState",
    "Outbox",
    "StateError",
    "apply",
    "decode_state",
    "due_of",
    "encode_state",
    "risk_at",
    "state_digest",
    "unsent",
]

FORMAT = 2
"""Format number, the first byte of an encoded state."""
FOLD = 3
"""Number of the fold; a state of another one is judged anew at the customer's next event."""
AT_ONCE = 0
"""`due` of a state whose messages may not have been sent."""


class StateError(Exception):
    """The bytes are not a state that this version can read."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A message as read from its partition; `offset` is None if it is read ahead of its turn.

    `source` identifies the topic of the offset: a recreated topic of the same name has another one.
    """

    scored: Scored
    partition: int
    offset: int | None
    source: str = ""


class Outbox(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The output messages of a batch, and the worker that was to send them.

    `read` is the last offset of the batch in each topic; it is empty for what time alone led to.
    """

    worker: bytes
    read: dict[str, int]
    messages: tuple[bytes, ...]


class CustomerState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The stored state of a customer.

    `partition`, `source` and `offset` are those of the last message applied. `head` is the fold of
    all events, `basis` identifies its rules and settings. `revisions` are those of the published
    alerts, by episode. `outbox` belongs to the last batch, None if it had no output. Time has
    passed up to `until` at least; at `due` the customer is to be judged again. `lag` is that of the
    event clock of the worker that stored it, in microseconds.
    """

    customer_id: str
    partition: int = -1
    offset: int = -1
    basis: str = ""
    log: Log = Log()
    head: Fold = Fold()
    revisions: dict[str, int] = {}
    outbox: Outbox | None = None
    source: str = ""
    until: int = BEGINNING
    due: int = NEVER
    lag: int = 0


class _Due(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A state of which all is skipped until `due`."""

    customer_id: msgspec.Raw
    partition: msgspec.Raw
    offset: msgspec.Raw
    basis: msgspec.Raw
    log: msgspec.Raw
    head: msgspec.Raw
    revisions: msgspec.Raw
    outbox: msgspec.Raw = msgspec.Raw()
    source: msgspec.Raw = msgspec.Raw()
    until: msgspec.Raw = msgspec.Raw()
    due: int = NEVER


def apply(
    state: CustomerState | None,
    arrivals: Sequence[Arrival],
    rules: RuleSet,
    settings: DetectSettings,
    until: int = BEGINNING,
) -> tuple[CustomerState, list[Alert]]:
    """Apply messages of one customer in the order they were read, then the time up to `until`.

    Return the new state and every change of an alert, in order. The changes and their revisions
    depend on the order of the messages but not on their batches. Redelivered messages and
    duplicates change nothing; a copy of higher rank (`Scored.rank`) replaces an event in the log.
    If rules or settings changed since the last call, the events in the log are evaluated again.
    Without a state there is at least one message.
    """
    state = state or CustomerState(arrivals[0].scored.event.customer_id)
    basis = f"{FOLD}/{rules.version}/{settings.basis}"
    log = LogDraft(state.log, partial(step, rules=rules, settings=settings))
    partition, source, offset = state.partition, state.source, state.offset
    revisions = dict(state.revisions)
    alerts: list[Alert] = []
    context = AlertContext(state.customer_id, rules, settings.language, log.quote)

    def publish(before: Fold, now: Fold, withdrawn_for: NoCause) -> None:
        for change in changes(before, now, withdrawn_for):
            key = change.episode.key
            revisions[key] = revision = revisions.get(key, 0) + 1
            alerts.append(alert_of(change, revision, context))

    def fold(head: Fold, until: int, *, refold: bool = False) -> Fold:
        head = log.head(head, refold=refold)
        return pass_time(head, until, rules, settings) if head.memory.waits else head

    head = state.head
    if basis != state.basis:
        log.keep_open(rules.by_cause)
        head = fold(head, state.until, refold=True)
        publish(state.head, head, "rules_changed")
    for arrival in arrivals:
        if arrival.partition != partition or source not in ("", arrival.source):
            offset = -1
        partition, source = arrival.partition, arrival.source
        if arrival.offset is None or arrival.offset > offset:
            offset = offset if arrival.offset is None else arrival.offset
            log.add(entry_of(arrival.scored, rules.attributes))
        before, head = head, fold(head, state.until)
        publish(before, head, "no_cause")
    if until > state.until:
        before, head = head, fold(head, until)
        publish(before, head, "no_cause")
    log.trim(settings.max_events)
    if log.snapshot is not state.log.snapshot:
        head = without_settled(head, log.snapshot)
        revisions = _live_revisions(revisions, log.snapshot)
    turn = next_overdue(head.memory.waits, rules.terms.patience)
    return (
        CustomerState(
            *(state.customer_id, partition, offset, basis, log.log(), head, revisions),
            source=source,
            until=max(until, state.until),
            due=turn.at if turn else NEVER,
            lag=state.lag,
        ),
        alerts,
    )


def unsent(
    state: CustomerState | None, worker: bytes, committed: Callable[[str], int]
) -> tuple[bytes, ...]:
    """Return the messages that another worker stored in the outbox but may not have sent.

    `committed` returns the committed offset of a topic; the output of a message is sent before its
    offset is committed.
    """
    outbox = state.outbox if state else None
    if not outbox or outbox.worker == worker:
        return ()
    sent = outbox.read and all(offset < committed(topic) for topic, offset in outbox.read.items())
    return () if sent else outbox.messages


def _live_revisions(revisions: dict[str, int], snapshot: Fold) -> dict[str, int]:
    """Return the revisions of episodes that can still change; withdrawn ones can come back."""
    return {key: number for key, number in revisions.items() if not is_settled(key, snapshot)}


def risk_at(
    state: CustomerState, at: datetime, settings: DetectSettings
) -> tuple[float, tuple[Contribution, ...]]:
    """Return the customer's risk at a time, and what makes it. Time alone can only raise it."""
    head, fitted = state.head, settings.fitted
    parts = parts_of(head.loads, head.signs, max(head.at, to_micros(at)), fitted)
    return risk_of(parts, fitted), contributions_of(shares_of(parts, head.sources))


def state_digest(state: CustomerState) -> str:
    """Return a digest of the parts that do not depend on the order of arrival."""
    content = (state.customer_id, state.log, state.head)
    encoded = msgspec.msgpack.encode(content, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(CustomerState)
_DUE_DECODER = msgspec.msgpack.Decoder(_Due)


def encode_state(state: CustomerState) -> bytes:
    """Encode the state: the format number, then MessagePack."""
    return bytes((FORMAT,)) + _ENCODER.encode(state)


def due_of(encoded: bytes) -> int:
    """Return when an encoded state is due, in event time, without decoding the rest of it.

    What is no state is never due: who reads it says so.
    """
    with suppress(msgspec.DecodeError):
        return _DUE_DECODER.decode(memoryview(encoded)[1:]).due
    return NEVER


def decode_state(encoded: bytes) -> CustomerState:
    """Decode a state. Raises StateError if the bytes have another format or are damaged."""
    if not encoded or encoded[0] != FORMAT:
        version = encoded[0] if encoded else "none"
        raise StateError(
            f"the state of a customer has format {version}, this version reads {FORMAT}: "
            "run the version that wrote it, or start detect anew (docs/operations.md)"
        )
    try:
        return _DECODER.decode(memoryview(encoded)[1:])
    except msgspec.DecodeError as error:
        raise StateError(f"the state of a customer is damaged: {error}") from error
