"""A customer's state: a fold over events in event order, and what of it was published.

The log keeps the last events sorted by (`occurred_at`, `event_id`), the snapshot is the fold of all
before them, the head the fold of everything. So neither the order of arrival nor the batches matter
as long as the events fit in the log. An event from before the snapshot counts as of the snapshot's
end. One from before the oldest id that is remembered of the evicted cannot be told from a duplicate
and is left out.
"""

import hashlib
from bisect import insort
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import msgspec

from pipeline.alert import Alert, Contribution
from pipeline.detection.entry import Entry, Mark, Span, entry_of
from pipeline.detection.episodes import changed_alerts, contributions_of
from pipeline.detection.fold import (
    DetectSettings,
    Fold,
    cited_events,
    decay,
    risk_of,
    shares_of,
    step,
)
from pipeline.detection.rules import RuleSet
from pipeline.micros import to_micros
from pipeline.reading import Scored

__all__ = [
    "Arrival",
    "CustomerState",
    "DetectSettings",
    "StateError",
    "apply",
    "decode_state",
    "encode_state",
    "risk_at",
    "state_digest",
]

FORMAT = 1
"""First byte of an encoded state."""
EVICTED = 256
"""Most ids that are remembered of events which left the log."""

_RECORD = 16
_NEVER = -(2**62)


class StateError(Exception):
    """The bytes are no state that this version reads."""


class Arrival(msgspec.Struct, frozen=True):
    """A message as it was read from the topic."""

    scored: Scored
    partition: int
    offset: int


class CustomerState(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a customer.

    `partition` and `offset` are of the last message applied. `basis` names the rules and settings
    that the head was folded with. `evicted` holds time and hash of ids, 16 bytes each; events up to
    `horizon` may have been forgotten. `revisions` are of the published alerts, by episode. `quotes`
    are of evicted events that alerts may still cite.
    """

    customer_id: str
    partition: int = -1
    offset: int = -1
    basis: str = ""
    log: tuple[Entry, ...] = ()
    snapshot: Fold = Fold()
    head: Fold = Fold()
    evicted: bytes = b""
    horizon: int = _NEVER
    revisions: dict[str, int] = {}
    quotes: dict[str, tuple[Span, ...]] = {}


def apply(
    state: CustomerState | None,
    arrivals: Sequence[Arrival],
    rules: RuleSet,
    settings: DetectSettings,
) -> tuple[CustomerState, list[Alert]]:
    """Apply messages of one customer, at least one, in the order they were read.

    Return the new state and every alert whose content changed, each once. Redelivered messages and
    duplicates change nothing; a higher revision of an event in the log replaces it. Where rules or
    settings changed since the last call, the events in the log are judged anew.
    """
    state = state or CustomerState(arrivals[0].scored.event.customer_id)
    basis = f"{rules.version}/{settings.half_life_days}/{settings.risk_threshold}"
    log = _Log(state, partial(step, rules=rules, settings=settings))
    partition, offset = state.partition, state.offset
    for arrival in arrivals:
        if arrival.partition != partition or arrival.offset > offset:
            partition, offset = arrival.partition, arrival.offset
            log.add(entry_of(arrival.scored, rules.attributes))
    head = log.head(refold=basis != state.basis)
    alerts, revisions = changed_alerts(
        state.customer_id, state.head, head, state.revisions, log.quote, rules, settings.language
    )
    log.trim(settings.max_events)
    snapshot = log.snapshot
    if snapshot is not state.snapshot:
        head = _without_settled(head, snapshot)
        revisions = _live_revisions(revisions, snapshot)
        snapshot = _without_settled(snapshot, snapshot)
    return (
        CustomerState(
            state.customer_id,
            partition,
            offset,
            basis,
            tuple(log.entries),
            snapshot,
            head,
            bytes(log.evicted),
            log.horizon,
            revisions,
            log.quotes,
        ),
        alerts,
    )


class _Log:
    """The log of a state while messages are applied to it."""

    def __init__(self, state: CustomerState, fold: Callable[[Fold, Entry], Fold]) -> None:
        self.entries = list(state.log)
        self.snapshot = state.snapshot
        self.evicted = bytearray(state.evicted)
        self.horizon = state.horizon
        self.quotes = state.quotes
        self._known = {entry.event_id: entry for entry in state.log}
        self._fold = fold
        self._head = state.head
        self._folded: int | None = len(state.log)

    def add(self, entry: Entry) -> None:
        """Put the event in its place, unless it is known or too old to tell."""
        if known := self._known.get(entry.event_id):
            if entry.revision <= known.revision:
                return
            self.entries.remove(known)
            self._folded = None
        elif self._was_evicted(entry):
            return
        if entry.at < self.snapshot.at:
            self._known.pop(entry.event_id, None)
            self._evict(entry)
            self._folded = None
            return
        self._known[entry.event_id] = entry
        if self.entries and _position(entry) < _position(self.entries[-1]):
            insort(self.entries, entry, key=_position)
            self._folded = None
        else:
            self.entries.append(entry)

    def head(self, *, refold: bool) -> Fold:
        """Return the fold of everything: only of what is new where that is at the end."""
        head, done = (
            (self.snapshot, 0) if refold or self._folded is None else (self._head, self._folded)
        )
        for entry in self.entries[done:]:
            head = self._fold(head, entry)
        return head

    def quote(self, mark: Mark) -> str:
        """Return what stands at a mark; "" where the event had no text."""
        entry = self._known.get(mark.event_id)
        spans = entry.spans if entry else self.quotes.get(mark.event_id, ())
        places = {(span.start, span.end): span.quote for span in spans}
        return places.get((mark.start, mark.end), "")

    def trim(self, size: int) -> None:
        """Fold the oldest events beyond `size` into the snapshot."""
        excess = max(0, len(self.entries) - size)
        for entry in self.entries[:excess]:
            self._evict(entry)
        del self.entries[:excess]
        cited = cited_events(self.snapshot) if self.quotes else ()
        self.quotes = {event: spans for event, spans in self.quotes.items() if event in cited}

    def _evict(self, entry: Entry) -> None:
        self.snapshot = self._fold(self.snapshot, entry)
        self.quotes = {**self.quotes, entry.event_id: entry.spans}
        self.evicted += entry.at.to_bytes(8, "big", signed=True) + _hash(entry.event_id)
        while len(self.evicted) > EVICTED * _RECORD:
            forgotten = int.from_bytes(self.evicted[:8], "big", signed=True)
            self.horizon = max(self.horizon, forgotten)
            del self.evicted[:_RECORD]

    def _was_evicted(self, entry: Entry) -> bool:
        if entry.at <= self.horizon:
            return True
        if not self.evicted:
            return False
        wanted = _hash(entry.event_id)
        found = self.evicted.find(wanted)
        while found >= 0 and found % _RECORD != _RECORD - len(wanted):
            found = self.evicted.find(wanted, found + 1)
        return found >= 0


def _position(entry: Entry) -> tuple[int, str]:
    return entry.at, entry.event_id


def _hash(event_id: str) -> bytes:
    return hashlib.blake2b(event_id.encode(), digest_size=8).digest()


def _is_settled(episode_key: str, snapshot: Fold) -> bool:
    """Whether an episode was opened and closed before the end of the snapshot: for good."""
    cause, _, number = episode_key.rpartition("/")
    opened = snapshot.open.get(cause)
    return int(number) <= snapshot.numbers.get(cause, 0) and not (
        opened and opened.key == episode_key
    )


def _without_settled(head: Fold, snapshot: Fold) -> Fold:
    if not head.closed:
        return head
    closed = tuple(one for one in head.closed if not _is_settled(one.key, snapshot))
    return msgspec.structs.replace(head, closed=closed)


def _live_revisions(revisions: dict[str, int], snapshot: Fold) -> dict[str, int]:
    """Keep the revisions of episodes that may change: withdrawn ones can come back."""
    return {key: number for key, number in revisions.items() if not _is_settled(key, snapshot)}


def risk_at(
    state: CustomerState, at: datetime, settings: DetectSettings
) -> tuple[float, tuple[Contribution, ...]]:
    """Return the customer's risk at a time, and each rule's share in it."""
    head = state.head
    elapsed = max(0, to_micros(at) - head.at)
    loads = decay(head.loads, elapsed, settings.half_life_days)
    return risk_of(loads), contributions_of(shares_of(loads, head.sources))


def state_digest(state: CustomerState) -> str:
    """Return a digest of what does not depend on how the events arrived."""
    content = (
        state.customer_id,
        state.log,
        state.snapshot,
        state.head,
        state.evicted,
        state.quotes,
    )
    encoded = msgspec.msgpack.encode(content, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(CustomerState)


def encode_state(state: CustomerState) -> bytes:
    """Return the state as bytes: the format's number, then MessagePack."""
    return bytes((FORMAT,)) + _ENCODER.encode(state)


def decode_state(encoded: bytes) -> CustomerState:
    """Return the state. Raises StateError if the bytes are of another format or damaged."""
    if not encoded or encoded[0] != FORMAT:
        found = encoded[0] if encoded else "none"
        raise StateError(
            f"the state of a customer has format {found}, this version reads {FORMAT}: "
            "run the version that wrote it, or delete the table and replay the events"
        )
    try:
        return _DECODER.decode(memoryview(encoded)[1:])
    except msgspec.DecodeError as error:
        raise StateError(f"the state of a customer is damaged: {error}") from error
