"""Builds histories of customers who leave with a known probability."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from pipeline.model.event import Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import CHURN, TEXT, reading

FIRST = datetime.fromisoformat("2025-01-01T00:00:00+00:00")
MONTH = timedelta(days=30)


class Life(NamedTuple):
    """How customers behave: shares of months with trouble, and chances of leaving after them."""

    troubled: float = 0.2
    silent: float = 0.15
    leaves: float = 0.01
    leaves_troubled: float = 0.25
    leaves_silent: float = 0.1


USUAL = Life()


def histories(seed: int, customers: int, months: int, life: Life = USUAL) -> Iterator[list[Scored]]:
    """Yield what each customer did, until they left or the months were over."""
    dice = Random(seed)
    for number in range(customers):
        yield list(_history(dice, f"c{number}", months, life))


def _history(dice: Random, name: str, months: int, life: Life) -> Iterator[Scored]:
    """Every month has weekly visits, or none for three weeks; some have words of anger."""
    numbers = iter(range(10_000))

    def happened(at: datetime, type_: EventType, said: bool = False) -> Scored:
        text, read = (TEXT, reading("negative", 0.95, CHURN)) if said else (None, None)
        id_ = f"{name}-{next(numbers)}"
        return Scored(Event(id_, at, name, "chat", type_, text=text), read, at)

    chance = life.leaves
    for month in range(months):
        start = FIRST + month * MONTH
        if dice.random() < chance:
            when = start + dice.random() * MONTH
            yield happened(when, EventType.SUBSCRIPTION_CANCELLED)
            return
        silent, troubled = dice.random() < life.silent, dice.random() < life.troubled
        days = range(1, 6, 2) if silent else range(1, 28, 3)
        visits = [happened(start + timedelta(days=d), EventType.VISIT) for d in days]
        words = [happened(start + timedelta(days=28), EventType.MESSAGE, said=True)] * troubled
        yield from [*visits, *words]
        chance = life.leaves + life.leaves_troubled * troubled + life.leaves_silent * silent
