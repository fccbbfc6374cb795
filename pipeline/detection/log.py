"""The log of a customer: the last events in event order, and a snapshot of those before them.

Events are encoded one by one, and an index holds the known ids. So an event that arrives in order
costs the same however long the log is: no other event is decoded.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable

import msgspec
from msgspec.structs import replace

from pipeline.detection.entry import LogEntry
from pipeline.detection.episodes import without_settled
from pipeline.detection.fold import Fold, cited_events
from pipeline.detection.spans import EvidenceRef, Span

REMEMBERED = 256
"""Maximum number of remembered ids of events that left the log."""

_TIME = 8
_RECORD = 16
"""Bytes of an index record: the event's time, then the hash of its id, 8 each."""
_NEVER = -(2**62)

_ENCODER = msgspec.msgpack.Encoder()
_decode = msgspec.msgpack.Decoder(LogEntry).decode


class Log(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last events of a customer, sorted by (`at`, `event_id`), each an encoded LogEntry.

    `index` has a record per event: first of events that left, in the order in which they left, then
    of those in the log. `snapshot` is the fold of all that left; ids up to `horizon` may have been
    dropped. `quotes` belong to events that left and that alerts may still cite.
    """

    encoded: tuple[bytes, ...] = ()
    index: bytes = b""
    snapshot: Fold = Fold()
    horizon: int = _NEVER
    quotes: dict[str, tuple[Span, ...]] = {}

    def entries(self) -> tuple[LogEntry, ...]:
        """Decode the events."""
        return tuple(map(_decode, self.encoded))


class LogDraft:
    """A mutable log while events are added; `fold` is a step of detection."""

    def __init__(self, log: Log, fold: Callable[[Fold, LogEntry], Fold]) -> None:
        self.snapshot = log.snapshot
        self._fold = fold
        self._before = log
        self._encoded = list(log.encoded)
        self._index = bytearray(log.index)
        self._left = len(log.index) // _RECORD - len(log.encoded)
        self._horizon = log.horizon
        self._quotes = dict(log.quotes)
        self._added: dict[str, LogEntry] = {}
        self._fresh: list[LogEntry] = []
        self._in_order = True

    def add(self, entry: LogEntry) -> None:
        """Insert an event, unless it is known or too old to tell."""
        id_hash = _hash(entry.event_id)
        number = self._find(id_hash)
        if number >= self._left:
            if entry.rank <= _decode(self._encoded[number - self._left]).rank:
                return
            self._added.pop(entry.event_id, None)
            del self._encoded[number - self._left]
            del self._index[number * _RECORD : (number + 1) * _RECORD]
            self._in_order = False
        elif number >= 0 or entry.at <= self._horizon:
            return
        if entry.at < self.snapshot.at:
            self._leave(entry)
            place = self._left
            self._left += 1
            self._in_order = False
        else:
            place = self._left + self._insert(entry)
        record = entry.at.to_bytes(_TIME, "big", signed=True) + id_hash
        self._index[place * _RECORD : place * _RECORD] = record
        self._forget_ids()

    def keep_open(self, causes: Container[str]) -> None:
        """Drop the open episodes of other causes from the snapshot: they have no rule any more."""
        episodes = self.snapshot.open
        still_open = {cause: episodes[cause] for cause in episodes if cause in causes}
        if len(still_open) < len(episodes):
            self.snapshot = replace(self.snapshot, open=still_open)

    def head(self, head: Fold, *, refold: bool = False) -> Fold:
        """Return the fold of all events, given the `head` of the last call, or of the stored state.

        Only events added since then are folded, if they came in order, before nothing that was
        already judged to be overdue, and `refold` is not set.
        """
        entries: Iterable[LogEntry] = self._fresh
        late = bool(self._fresh) and self._fresh[0].at <= head.passed
        if refold or late or not self._in_order:
            head, entries = self.snapshot, map(_decode, self._encoded)
        for entry in entries:
            head = self._fold(head, entry)
        self._fresh, self._in_order = [], True
        return head

    def quote(self, mark: EvidenceRef) -> str:
        """Return the quote of a reference; "" if the event had no text."""
        for span in self._spans(mark.event_id):
            if (span.start, span.end) == (mark.start, mark.end):
                return span.quote
        return ""

    def trim(self, size: int) -> None:
        """Fold the oldest events beyond `size` into the snapshot; drop unneeded data."""
        excess = max(0, len(self._encoded) - size)
        for encoded in self._encoded[:excess]:
            self._leave(_decode(encoded))
        del self._encoded[:excess]
        self._left += excess
        self._forget_ids()
        if self.snapshot is not self._before.snapshot:
            self.snapshot = without_settled(self.snapshot, self.snapshot)
            cited = cited_events(self.snapshot)
            self._quotes = {id_: spans for id_, spans in self._quotes.items() if id_ in cited}

    def log(self) -> Log:
        """Return the immutable log."""
        return Log(
            tuple(self._encoded), bytes(self._index), self.snapshot, self._horizon, self._quotes
        )

    def _insert(self, entry: LogEntry) -> int:
        """Insert the event into the log and return its index."""
        place = len(self._encoded)
        position = _position(entry)
        if entry.at <= self._newest() and position < _position(_decode(self._encoded[-1])):
            place = bisect_right(
                self._encoded, position, key=lambda encoded: _position(_decode(encoded))
            )
            self._in_order = False
        self._encoded.insert(place, _ENCODER.encode(entry))
        self._added[entry.event_id] = entry
        self._fresh.append(entry)
        return place

    def _newest(self) -> int:
        """Return the time of the last event in the log, from its record; `_NEVER` if empty."""
        if not self._encoded:
            return _NEVER
        return _time_at(self._index, len(self._index) - _RECORD)

    def _spans(self, event_id: str) -> tuple[Span, ...]:
        if entry := self._added.get(event_id):
            return entry.spans
        place = self._find(_hash(event_id)) - self._left
        if place >= 0:
            return _decode(self._encoded[place]).spans
        return self._quotes.get(event_id, ())

    def _leave(self, entry: LogEntry) -> None:
        self.snapshot = self._fold(self.snapshot, entry)
        if entry.counted:  # otherwise nothing cites it
            self._quotes[entry.event_id] = entry.spans

    def _forget_ids(self) -> None:
        excess = self._left - REMEMBERED
        if excess > 0:
            forgotten = range(0, excess * _RECORD, _RECORD)
            times = (_time_at(self._index, place) for place in forgotten)
            self._horizon = max(self._horizon, *times)
            del self._index[: excess * _RECORD]
            self._left = REMEMBERED

    def _find(self, id_hash: bytes) -> int:
        """Return the number of the record of an id; negative if there is none."""
        at = self._index.find(id_hash)
        while at >= 0 and at % _RECORD != _RECORD - len(id_hash):
            at = self._index.find(id_hash, at + 1)
        return at // _RECORD


def _time_at(index: bytearray, place: int) -> int:
    """Return the time of the record that begins at a byte of the index."""
    return int.from_bytes(index[place : place + _TIME], "big", signed=True)


def _position(entry: LogEntry) -> tuple[int, str]:
    return entry.at, entry.event_id


def _hash(event_id: str) -> bytes:
    return hashlib.blake2b(event_id.encode(), digest_size=8).digest()
