"""Customers whose story is known: promises that are kept or broken, and what people do about it.

Such a customer has one alert, or two of which the second comes hours later, and no case ends before
both have come: so a case does not depend on the order in which messages of different topics arrive.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import uuid5

import msgspec

from benchmarks.chaos.load import AFTERWARDS, MUCH_LATER, START, Message, message_of
from pipeline.common.epoch_micros import to_micros
from pipeline.contracts.topology import ACTIONS
from pipeline.detection.entry import DAY
from pipeline.detection.episodes import NAMESPACE
from pipeline.follow_up.case_progress import case_id_of
from pipeline.model.action import Action
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType

EVENTS_A_STORY = 40
"""Events of the load for each story."""
PATIENCE = timedelta(hours=4)
"""By how much a delivery is overdue (rules/delivery_missed.yaml); also by when an alert of medium
severity is to be acknowledged (desk/sla.yaml)."""
SILENCE = timedelta(seconds=20)
"""For how long after the last event things become due by the clock alone."""
DUE_IN_SILENCE = 20
"""Stories of which something becomes due in the silence."""

CUSTOMER = "story-"
PEOPLE = ("ayşe", "mehmet")
BROKEN, CANCELLED = "promise_broken", "order_cancelled"
MINUTE = timedelta(minutes=1)


class Step(NamedTuple):
    """What a person does, and how many minutes after the alert opened."""

    after: int
    kind: str
    outcome: str | None = None
    assignee: str | None = None
    note: str = ""


REACTIONS: Sequence[Sequence[Step]] = (
    (),
    (Step(10, "acknowledge"),),
    (Step(10, "acknowledge"), Step(30, "contact"), Step(50, "resolve", "rescued")),
    (Step(400, "acknowledge"), Step(410, "contact"), Step(500, "resolve", "lost")),
    (Step(5, "snooze"), Step(150, "acknowledge"), Step(160, "undo")),
    (Step(5, "assign", assignee=PEOPLE[1]), Step(20, "note", note="Aradım, açmadı.")),
)
"""What people do about an alert: nothing, enough, too late, or something else."""


class Deed(NamedTuple):
    """What the customer, the company or a person does; `breaks`: a promise that is not kept."""

    at: datetime
    what: Event | Action
    breaks: bool = False


def with_stories(load: Sequence[Message], seed: int, events: int) -> list[Message]:
    """Return a load of so many events with stories among them.

    What is done after the last event of the load comes late: before the visits that end it.
    """
    rng, main = Random(f"stories {seed}"), load[:-AFTERWARDS]
    end = last_time(main)
    deeds = [*_stories(rng, max(6, events // EVENTS_A_STORY), end), *_in_silence(end)]
    deeds.sort(key=lambda deed: deed.at)
    placed = [(float(place), message) for place, message in enumerate(main)]
    placed += [
        (len(main) * ((deed.at - START) / (end - START)), _message(deed))
        for deed in deeds
        if deed.at <= end
    ]
    in_time = [message for _, message in sorted(placed, key=lambda pair: pair[0])]
    late = [_message(deed)._replace(late=True) for deed in deeds if deed.at > end]
    return [*in_time, *late, *load[-AFTERWARDS:]]


def before_silence(load: Sequence[Message]) -> Sequence[Message]:
    """Return the messages of a load with stories before what comes late."""
    return load[: next(number for number, message in enumerate(load) if message.late)]


def last_time(messages: Iterable[Message]) -> datetime:
    """Return the time of the last event among messages."""
    return max(
        msgspec.json.decode(one.value, type=_Occurred).occurred_at
        for one in messages
        if one.event_id
    )


def last_notes() -> list[Message]:
    """Return actions on no alert that tell `follow_up`, in each partition, that time has passed."""
    at = START + MUCH_LATER
    return [
        _message(Deed(at, Action(f"note-{key}", key, key, "note", PEOPLE[0], at)))
        for key in (f"later-{number}" for number in range(AFTERWARDS))
    ]


def _stories(rng: Random, count: int, end: datetime) -> Iterator[Deed]:
    """Yield stories of all kinds that begin in the first part of the load."""
    for number in range(count):
        at = START + 0.6 * rng.random() * (end - START)
        yield from KINDS[number % len(KINDS)](f"{CUSTOMER}{number}", at, rng)


def _in_silence(end: datetime) -> Iterator[Deed]:
    """Yield stories of which something becomes due within `SILENCE` after the end of the load.

    What would have come in time, or comes just too late, comes when the silence is over.
    """
    for number in range(DUE_IN_SILENCE):
        due = end + SILENCE * (number + 1) / DUE_IN_SILENCE
        customer, moment = f"{CUSTOMER}silent-{number}", timedelta(seconds=1)
        match number % 4:
            case 0:
                yield _promise(customer, due - PATIENCE, breaks=True)
            case 1:
                yield _promise(customer, due - PATIENCE, breaks=True)
                yield _delivery(customer, due + moment)
            case 2:
                yield _promise(customer, due - PATIENCE)
                yield _delivery(customer, due - moment)
            case _:
                yield _cancellation(customer, due - PATIENCE)
                alert = alert_id(customer, CANCELLED, due - PATIENCE)
                yield _act(customer, alert, due + moment, Step(0, "acknowledge"), 0)


def _broken(customer: str, at: datetime, rng: Random) -> Iterator[Deed]:
    yield _promise(customer, at, breaks=True)
    yield from _reactions(customer, BROKEN, at + PATIENCE, rng)


def _late(customer: str, at: datetime, rng: Random) -> Iterator[Deed]:
    yield from _broken(customer, at, rng)
    yield _delivery(customer, at + PATIENCE + 600 * MINUTE)


def _kept(customer: str, at: datetime, rng: Random) -> Iterator[Deed]:
    yield _promise(customer, at)
    yield _delivery(customer, at + PATIENCE * rng.random())


def _cancelled(customer: str, at: datetime, rng: Random) -> Iterator[Deed]:
    yield _cancellation(customer, at)
    yield from _reactions(customer, CANCELLED, at, rng)


def _twice(customer: str, at: datetime, rng: Random) -> Iterator[Deed]:
    """Yield two alerts; what people do about both comes once the second has joined the case."""
    yield _cancellation(customer, at)
    yield _promise(customer, at + 5 * MINUTE, breaks=True)
    if rng.random() < 0.5:
        yield _act(customer, alert_id(customer, CANCELLED, at), at, Step(10, "acknowledge"), 0)
    case = case_id_of(customer, alert_id(customer, CANCELLED, at))
    joined = at + 5 * MINUTE + PATIENCE
    for number, step in enumerate(rng.choice(REACTIONS), 1):
        yield _act(customer, case, joined, step, number)


KINDS = (_broken, _late, _kept, _cancelled, _twice)


def _reactions(customer: str, cause: str, opened: datetime, rng: Random) -> Iterator[Deed]:
    """Yield what people do about an alert or, as well, its case."""
    alert = alert_id(customer, cause, opened)
    target = rng.choice((alert, case_id_of(customer, alert)))
    for number, step in enumerate(rng.choice(REACTIONS)):
        yield _act(customer, target, opened, step, number)


def alert_id(customer: str, cause: str, opened: datetime) -> str:
    """Return the id of the first alert of a cause."""
    return str(uuid5(NAMESPACE, f"{customer}/{cause}/{to_micros(opened) // DAY}"))


def _act(customer: str, target: str, opened: datetime, step: Step, number: int) -> Deed:
    at = opened + step.after * MINUTE
    action = Action(
        *(f"{target}-{number}", target, customer, step.kind, PEOPLE[0], at),
        assignee=step.assignee,
        until=at + 120 * MINUTE if step.kind == "snooze" else None,
        outcome=step.outcome,
        note=step.note,
        undoes=f"{target}-{number - 1}" if step.kind == "undo" else None,
    )
    return Deed(at, action)


def _promise(customer: str, at: datetime, *, breaks: bool = False) -> Deed:
    """Return the promise of a delivery, which is due at once."""
    attributes: dict[str, Any] = {"promised_at": at.isoformat()}
    return Deed(at, _event(customer, at, EventType.ORDER_PROMISED, attributes), breaks)


def _delivery(customer: str, at: datetime) -> Deed:
    return Deed(at, _event(customer, at, EventType.ORDER_DELIVERED))


def _cancellation(customer: str, at: datetime) -> Deed:
    return Deed(at, _event(customer, at, EventType.ORDER_CANCELLED, order="-cancelled"))


def _event(
    customer: str,
    at: datetime,
    type_: EventType,
    attributes: dict[str, Any] | None = None,
    order: str = "-order",
) -> Event:
    return Event(
        event_id=f"{customer}-{type_}",
        occurred_at=at,
        customer_id=customer,
        channel="web",
        type=type_,
        order_id=customer + order,
        author_type=AuthorType.SYSTEM,
        attributes=attributes or {},
    )


def _message(deed: Deed) -> Message:
    if isinstance(deed.what, Event):
        return message_of(deed.what)._replace(breaks=deed.breaks)
    return Message(ACTIONS, deed.what.customer_id.encode(), msgspec.json.encode(deed.what), "")


class _Occurred(msgspec.Struct):
    occurred_at: datetime
