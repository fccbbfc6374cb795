"""What a customer waits for, and when it is overdue: absence as evidence.

A wait begins with an event (a promise, a question), is ended by another (`came.py`), and is overdue
once its time, and the patience of a rule, have passed without that.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendar, Calendars
from pipeline.detection.came import (
    ARRIVES,
    CLOSES,
    LINES,
    STEPS,
    hands_over,
    has_come,
    is_ended,
    is_same_matter,
    is_work,
)
from pipeline.detection.entry import LogEntry
from pipeline.detection.promised import due_at
from pipeline.detection.routine import day_of, end_of
from pipeline.detection.tells import ASKS, NOTES
from pipeline.detection.wait import PROMISED, Wait, habit_key, slim
from pipeline.model.contact import PAUSES, awaits_reply, is_polite, only_thanks
from pipeline.model.event import AuthorType
from pipeline.model.event_types import Trait, types_with

WAITS = 20
"""Maximum number of remembered waits."""
NEVER = 2**62

_OPENS = types_with(Trait.WAITS)


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


class Talk(NamedTuple):
    """What is known of the conversation that an event is a line of.

    It is over after a `pause`, in microseconds. `answered`: the company has a turn in it.
    """

    pause: int = PAUSES.usual
    answered: bool = False
    ticket_id: str = ""


UNKNOWN: Final = Talk()


def next_overdue(waits: Sequence[Wait], patience: Patience, until: int = NEVER) -> Overdue | None:
    """Return what is overdue next, up to a time, and was not judged yet."""
    first: Overdue | None = None
    for wait in waits:
        for some in patience.get(wait.kind, ()):
            if (at := wait.due + some) > wait.judged:
                if at <= until:
                    first, until = _earlier(first, Overdue(at, wait, some)), at
                break
    return first


def _earlier(first: Overdue | None, turn: Overdue) -> Overdue:
    """Return what is judged first; at the same time that is by the order of names."""
    if first and first.at == turn.at and first.wait.place < turn.wait.place:
        return first
    return turn


def judged(waits: tuple[Wait, ...], turn: Overdue) -> tuple[Wait, ...]:
    """Return the waits after the rules have judged one that was overdue."""
    return tuple(replace(wait, judged=turn.at) if wait is turn.wait else wait for wait in waits)


def waits_after(
    waits: tuple[Wait, ...], entry: LogEntry, at: int, terms: Terms, talk: Talk = UNKNOWN
) -> tuple[Wait, ...]:
    """Return the waits after an event: without those that it ends, with those that it begins.

    Only kinds that a rule has patience with are kept.
    """
    ended = [wait for wait in waits if is_ended(wait, entry)] if waits else []
    gone = {wait.place for wait in ended}
    left = tuple([wait for wait in waits if wait.place not in gone]) if gone else waits
    if left and (entry.type in LINES or entry.type in _OPENS):
        left = _in_talk(left, entry, at, talk)
    began: msgspec.Raw | None = None
    for kind, key, due in _begun(entry, at, terms, talk, ended):
        if kind in terms.patience and (kind, key) not in [wait.place for wait in left]:
            began = slim(entry) if began is None else began
            late = bool(ended) and _was_late(ended, (kind, key), entry)
            left = _bounded((*left, Wait(kind, key, due, began, late=late)), terms.patience)
    if entry.promises:
        kept = {wait.kind for wait in ended if has_come(wait, entry)}
        left = _with_promises(left, entry, at, terms, talk, kept)
    return left


def _begun(
    entry: LogEntry, at: int, terms: Terms, talk: Talk, ended: Sequence[Wait]
) -> Iterator[tuple[str, str, int]]:
    """Yield kind, key and due time of the waits that an event begins, or begins anew."""
    if entry.order_id and entry.promised_at is not None and entry.type not in ARRIVES:
        yield "delivery", entry.order_id, entry.promised_at
    if entry.type in _OPENS or (entry.type in LINES and _asks(entry, talk)):
        yield "reply", entry.ticket_id or entry.channel, at
    if entry.ticket_id and entry.type not in CLOSES:
        goes_on = is_work(entry) and any(old.kind == "ticket" for old in ended)
        if goes_on or entry.type in STEPS:
            yield "ticket", entry.ticket_id, at
    if entry.amounts:
        zone = terms.calendar(entry).zone
        day = day_of(entry.at, zone)
        for name in entry.amounts:
            yield "habit", habit_key(name, day), end_of(day, zone)


def _was_late(ended: Sequence[Wait], place: tuple[str, str], entry: LogEntry) -> bool:
    """Return whether a wait that begins anew was overdue before."""
    return any(old.place == place and old.is_overdue and not has_come(old, entry) for old in ended)


def _asks(entry: LogEntry, talk: Talk) -> bool:
    """Return whether a line needs a reply: the customer's, or that of a bot that hands over.

    None needs a line that only takes note. Without a ticket that would be closed, a conversation
    that was answered just ends: then a line that is not negative and asks for nothing needs none.
    """
    if hands_over(entry):
        return True
    if NOTES in entry.tells and entry.label != "negative":
        return False
    thanks = only_thanks(entry.label, entry.intents)
    if talk.answered and not entry.ticket_id and entry.label != "negative":
        thanks = thanks or (is_polite(entry.intents) and ASKS not in entry.tells)
    return awaits_reply(entry.type, entry.author_type, thanks=thanks)


def _with_promises(
    waits: tuple[Wait, ...], entry: LogEntry, at: int, terms: Terms, talk: Talk, kept: set[str]
) -> tuple[Wait, ...]:
    """Return the waits with those for what the company promises in words, or promises anew.

    Words without a time promise nothing new of what has a time that is still to come; nor does "I
    am getting back to you" of who comes back, and so has `kept` a promise.
    """
    for promise in entry.promises:
        kind = PROMISED.get(promise.what)
        if kind is None or kind not in terms.patience:
            continue
        said = replace(entry, ticket_id=entry.ticket_id or talk.ticket_id)
        old = _renewed(waits, kind, said)
        if not promise.names_time and (kind in kept or (old is not None and old.due > at)):
            continue
        key = said.order_id or said.ticket_id or said.channel
        if old is not None:
            waits = tuple([wait for wait in waits if wait is not old])
            before = old.entry
            said = replace(
                said,
                ticket_id=said.ticket_id or before.ticket_id,
                order_id=said.order_id or before.order_id,
            )
            key = said.order_id or old.key
        due = due_at(promise, at, terms.calendar(entry))
        late = old is not None and old.is_overdue
        new = Wait(kind, key, due, slim(said), late=late, talk_ends=_talk_ends(due, at, talk))
        waits = tuple([wait for wait in waits if wait.place != new.place])
        waits = _bounded((*waits, new), terms.patience)
    return waits


def _renewed(waits: Sequence[Wait], kind: str, entry: LogEntry) -> Wait | None:
    """Return what a promise in words moves: the only thing of its kind that it may be about."""
    same = [wait for wait in waits if wait.kind == kind and is_same_matter(wait.entry, entry)]
    return same[0] if len(same) == 1 else None


def _in_talk(waits: tuple[Wait, ...], entry: LogEntry, at: int, talk: Talk) -> tuple[Wait, ...]:
    """Return the waits as the talk goes on in which they were promised.

    Another line on the channel is part of it; a ticket that is opened meanwhile is about it.
    """
    if entry.author_type == AuthorType.SYSTEM and entry.type not in _OPENS:
        return waits
    if all(at >= wait.talk_ends for wait in waits):
        return waits
    return tuple([_going_on(w, entry, at, talk) if at < w.talk_ends else w for w in waits])


def _going_on(wait: Wait, entry: LogEntry, at: int, talk: Talk) -> Wait:
    began = wait.entry
    if entry.type in _OPENS and entry.ticket_id and not began.ticket_id:
        return replace(wait, began=slim(replace(began, ticket_id=entry.ticket_id)))
    if entry.type in LINES and entry.channel == began.channel:
        return replace(wait, talk_ends=max(wait.talk_ends, _talk_ends(wait.due, at, talk)))
    return wait


def _talk_ends(due: int, at: int, talk: Talk) -> int:
    """Return when the talk is over that a line at `at` is part of.

    That is after the pause of the channel; a promise that is due soon is kept in the same talk.
    """
    return at + max(0, min(talk.pause, (due - at) // 8))


def _bounded(waits: tuple[Wait, ...], patience: Patience) -> tuple[Wait, ...]:
    """Return the waits without one too many: one that all rules have judged, else the last due."""
    if len(waits) <= WAITS:
        return waits

    def judged_next(number: int) -> tuple[int, int]:
        turn = next_overdue(waits[number : number + 1], patience)
        return turn.at if turn else NEVER, number

    spare = max(range(len(waits)), key=judged_next)
    return (*waits[:spare], *waits[spare + 1 :])
