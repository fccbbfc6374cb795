"""A thing that a customer waits for. `KINDS` is the only list of kinds."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from pipeline.detection.entry import LogEntry
from pipeline.detection.spans import Span

KINDS: Final[Mapping[str, str]] = {
    "delivery": "an order; due at its `attributes.promised_at`, or as the company said",
    "reply": "the first reply to a line or a ticket; due when it was written",
    "ticket": "the next step of an open ticket; due at its last step",
    "callback": "to be called back or answered, as the company said; due when it said",
    "shipment": "an order to be sent, as the company said; due when it said",
    "visit": "somebody to come, as the company said; due when it said",
    "refund": "money back, as the company said; due when it said",
    "habit": "what the customer usually does; due when the day ends, which judges it",
}
"""What a customer may wait for, and when it is due."""
PROMISED: Final[Mapping[str, str]] = {
    "callback": "callback",
    "answer": "callback",
    "shipment": "shipment",
    "delivery": "delivery",
    "technician": "visit",
    "refund": "refund",
}
"""What is waited for, by what the company promised in words."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LogEntry).decode


class Wait(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something that a customer waits for, due at `due`.

    `key` tells waits of a kind apart: by order, ticket or channel. `began` is the event that began
    it, without quotes; it stays encoded, as few waits are looked into. What was overdue up to
    `judged` has been judged by the rules. It is `late` if it was overdue before it began anew. The
    talk in which it was promised in words ends at `talk_ends`, unless another line comes before.
    """

    kind: str
    key: str
    due: int
    began: msgspec.Raw
    judged: int = -(2**62)
    # Waits of older versions end here: later fields need a default.
    late: bool = False
    talk_ends: int = 0

    @property
    def entry(self) -> LogEntry:
        """The entry of the event that began it."""
        return _decode(self.began)

    @property
    def promises(self) -> frozenset[str]:
        """What was promised in words where this is waited for."""
        return frozenset(what for what, kind in PROMISED.items() if kind == self.kind)

    @property
    def place(self) -> tuple[str, str]:
        """Kind and key, which are unique among the waits of a customer."""
        return self.kind, self.key

    @property
    def is_overdue(self) -> bool:
        """Whether a rule has judged it to be overdue, or had before it began anew."""
        return self.late or self.judged >= self.due


def slim(entry: LogEntry) -> msgspec.Raw:
    """Return the encoded entry without its quotes, which the log has."""
    if entry.attributes or entry.has_text:
        spans = tuple([Span(span.start, span.end, "") for span in entry.spans])
        entry = replace(entry, spans=spans, attributes={})
    return msgspec.Raw(_encode(entry))


def habit_key(name: str, day: int) -> str:
    """Return the key of the wait for the end of a day that judges a habit."""
    return f"{name}/{day}"


def habit_of(wait: Wait) -> tuple[str, int]:
    """Return the habit that a wait is for, and the day whose end judges it."""
    name, _, day = wait.key.rpartition("/")
    return name, int(day)
