"""What a customer waits for, and when it is overdue: absence as evidence.

A wait begins with an event (a promise, a question), is ended by another, and is overdue once its
time, and the patience of a rule, have passed without that. `KINDS` is the only list of kinds.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendar, Calendars
from pipeline.detection.entry import LogEntry
from pipeline.detection.promised import due_at
from pipeline.detection.routine import day_of, end_of
from pipeline.detection.spans import Span
from pipeline.model.contact import awaits_reply, only_thanks
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType, Trait, types_with

WAITS = 20
"""Maximum number of remembered waits, those that began last."""
NEVER = 2**62
SAME_TALK = 10 * 60_000_000
"""For how long, in microseconds, what an agent says belongs to the talk with the promise."""

KINDS: Final[Mapping[str, str]] = {
    "delivery": "an order; due at its `attributes.promised_at`",
    "reply": "the first reply to a line or a ticket; due when it was written",
    "ticket": "the next step of an open ticket; due at its last step",
    "callback": "to be called back or answered, as the company said; due when it said",
    "shipment": "an order to be sent, as the company said; due when it said",
    "visit": "somebody to come, as the company said; due when it said",
    "refund": "money back, as the company said; due when it said",
    "habit": "what the customer usually does; due when the day ends, which judges it",
}
"""What a customer may wait for, and when it is due."""

_ARRIVES = frozenset(
    {EventType.ORDER_DELIVERED, EventType.ORDER_CANCELLED, EventType.ORDER_RETURNED}
)
_SENT = _ARRIVES | {EventType.ORDER_SHIPPED}
_PROMISED: Final[Mapping[str, str]] = {
    "callback": "callback",
    "answer": "callback",
    "shipment": "shipment",
    "delivery": "delivery",
    "technician": "visit",
    "refund": "refund",
}
"""What is waited for, by what the company promised in words."""
_SPOKEN: Final = frozenset({"callback", "visit", "refund"})
_ASKS = types_with(Trait.WAITS)
_LINES = types_with(Trait.LINE)
_STEPS = types_with(Trait.TICKET)
_CLOSES = types_with(Trait.CLOSES)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LogEntry).decode


class Wait(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something that a customer waits for, due at `due`.

    `key` tells waits of a kind apart: by order, ticket or channel. `began` is the event that began
    it, without quotes; it stays encoded, as few waits are looked into. What was overdue up to
    `judged` has been judged by the rules.
    """

    kind: str
    key: str
    due: int
    began: msgspec.Raw
    judged: int = -(2**62)

    @property
    def entry(self) -> LogEntry:
        """The entry of the event that began it."""
        return _decode(self.began)

    @property
    def promises(self) -> frozenset[str]:
        """What was promised in words where this is waited for."""
        return frozenset(what for what, kind in _PROMISED.items() if kind == self.kind)

    @property
    def place(self) -> tuple[str, str]:
        """Kind and key, which are unique among the waits of a customer."""
        return self.kind, self.key

    @property
    def is_overdue(self) -> bool:
        """Whether a rule has judged it to be overdue."""
        return self.judged >= self.due


class Overdue(NamedTuple):
    """A wait that is overdue for the rules with a `patience`, from `at` on."""

    at: int
    wait: Wait
    patience: int


Patience = Mapping[str, Sequence[int]]
"""The patience of the rules on each kind of wait, in microseconds, ascending."""


class Terms(NamedTuple):
    """What waits go by: the patience of the rules, and the calendars of brands."""

    patience: Patience = MappingProxyType({})
    calendars: Calendars = AROUND_THE_CLOCK

    def calendar(self, entry: LogEntry) -> Calendar:
        """Return the calendar of the brand of an event."""
        return self.calendars.of_brand(entry.brand)


def next_overdue(waits: Sequence[Wait], patience: Patience, until: int = NEVER) -> Overdue | None:
    """Return what is overdue next, up to a time, and was not judged yet."""
    first: Overdue | None = None
    for wait in waits:
        for some in patience.get(wait.kind, ()):
            if (at := wait.due + some) > wait.judged:
                if at <= until and (
                    first is None or (at, wait.place) < (first.at, first.wait.place)
                ):
                    first = Overdue(at, wait, some)
                break
    return first


def judged(waits: tuple[Wait, ...], turn: Overdue) -> tuple[Wait, ...]:
    """Return the waits after the rules have judged one that was overdue."""
    return tuple(replace(wait, judged=turn.at) if wait is turn.wait else wait for wait in waits)


def waits_after(
    waits: tuple[Wait, ...], entry: LogEntry, at: int, terms: Terms
) -> tuple[Wait, ...]:
    """Return the waits after an event: without those that it ends, with those that it begins.

    Only kinds that a rule has patience with are kept.
    """
    kept: frozenset[str] = frozenset()
    if waits:
        if entry.promises:
            kept = frozenset(wait.kind for wait in waits if _is_kept(wait, entry))
        left = tuple([wait for wait in waits if not is_ended(wait, entry)])
        waits = left if len(left) < len(waits) else waits
    for kind, key, due in _begun(entry, at, terms, kept):
        if kind in terms.patience and (kind, key) not in [wait.place for wait in waits]:
            waits = (*waits[1 - WAITS :], Wait(kind, key, due, _slim(entry)))
    return waits


def _begun(
    entry: LogEntry, at: int, terms: Terms, kept: Container[str]
) -> Iterator[tuple[str, str, int]]:
    """Yield kind, key and due time of the waits that an event begins.

    Who comes back, and has so `kept` a promise, says "I am getting back to you" of now.
    """
    for promise in entry.promises:
        kind = _PROMISED.get(promise.what)
        if kind and (promise.names_time or kind not in kept):
            due = due_at(promise, at, terms.calendar(entry))
            yield kind, entry.order_id or entry.channel, due
    if entry.order_id and entry.promised_at is not None and entry.type not in _ARRIVES:
        yield "delivery", entry.order_id, entry.promised_at
    if entry.type in _ASKS or (entry.type in _LINES and _awaits_reply(entry)):
        yield "reply", entry.ticket_id or entry.channel, at
    if entry.ticket_id and entry.type in _STEPS and entry.type not in _CLOSES:
        yield "ticket", entry.ticket_id, at
    if entry.amounts:
        zone = terms.calendar(entry).zone
        day = day_of(entry.at, zone)
        for name in entry.amounts:
            yield "habit", habit_key(name, day), end_of(day, zone)


def _awaits_reply(entry: LogEntry) -> bool:
    thanks = only_thanks(entry.label, entry.intents)
    return awaits_reply(entry.type, entry.author_type, thanks=thanks)


def habit_key(name: str, day: int) -> str:
    """Return the key of the wait for the end of a day that judges a habit."""
    return f"{name}/{day}"


def habit_of(wait: Wait) -> tuple[str, int]:
    """Return the habit that a wait is for, and the day whose end judges it."""
    name, _, day = wait.key.rpartition("/")
    return name, int(day)


def is_ended(wait: Wait, entry: LogEntry) -> bool:
    """Return whether an event ends a wait, or begins it anew."""
    if entry.promises and wait.key == (entry.order_id or entry.channel):
        again = {_PROMISED.get(promise.what) for promise in entry.promises}
        if wait.kind in again:
            return True
    if wait.kind == "delivery":
        tells = entry.promised_at is not None or entry.type in _ARRIVES
        return tells and (entry.order_id == wait.key or not wait.entry.order_id)
    if wait.kind == "shipment":
        is_sent = entry.type in _SENT
        return is_sent and (entry.order_id == wait.key or not wait.entry.order_id)
    if wait.kind in _SPOKEN:
        return _is_kept(wait, entry)
    if wait.kind == "habit":  # one that looks for silence; that of a day with a value is due
        name, _ = habit_of(wait)
        return wait.due > entry.at and name in entry.amounts
    if wait.key != (entry.ticket_id or entry.channel):
        return False
    if wait.kind == "ticket":
        return entry.type in _STEPS
    answers = entry.author_type in (AuthorType.AGENT, AuthorType.BOT) and entry.type in _LINES
    return answers or entry.type in _CLOSES


def _is_kept(wait: Wait, entry: LogEntry) -> bool:
    """Return whether the company comes back to what it said, or the matter is closed.

    The rest of the conversation in which it was promised does not keep the promise: a quarter of
    the time until then, at most `SAME_TALK`, has to pass.
    """
    if wait.kind not in _SPOKEN:
        return False
    began = wait.entry
    if entry.type in _CLOSES:
        return not began.ticket_id or began.ticket_id == entry.ticket_id
    talk = min(SAME_TALK, (wait.due - began.at) // 4)
    comes_back = entry.type in _LINES or entry.type == EventType.CALL
    return comes_back and entry.author_type == AuthorType.AGENT and entry.at >= began.at + talk


def _slim(entry: LogEntry) -> msgspec.Raw:
    """Return the encoded entry without its quotes, which the log has."""
    spans = tuple([Span(span.start, span.end, "") for span in entry.spans])
    return msgspec.Raw(_encode(replace(entry, spans=spans, attributes={})))
