"""Habits by the calendar: usage that meters read every evening, visits and orders."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import exp, inf
from typing import TypeAlias

from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate.journey import Journey

Days: TypeAlias = tuple[datetime, ...]
"""The evenings of a span, at which meters are read."""
Level: TypeAlias = Callable[[int], float | None]
"""The factor of a customer's usual use on a day of the span; None: nothing is read."""
Beat: TypeAlias = Callable[[Journey, Days, float], tuple[float, list[datetime]]]
"""Does something every few days until a day of the span; returns how many days, and when."""

DAY = timedelta(days=1)
SEEN_FOR = 14
"""Days of a span that are left after a change, so that it can be seen."""
_KNOWN_FOR = 21
"""Days that a habit lasts before it changes, at least."""
_HELPS = timedelta(days=21)
"""How long an alert about a changed habit helps."""


def usage_steady(j: Journey, days: Days) -> None:
    """Use about as much as ever."""
    use(j, days, as_ever)
    _is_steady(j, "usage_steady", days)


def usage_growing(j: Journey, days: Days) -> None:
    """Use a little more from week to week."""
    daily = j.rng.uniform(0.002, 0.01)
    use(j, days, lambda day: 1 + daily * day)
    _is_steady(j, "usage_growing", days)


def usage_bursting(j: Journey, days: Days) -> None:
    """Use many times as much on some days."""
    bursts = {day for day in range(len(days)) if j.rng.random() < 0.06}
    use(j, days, lambda day: 4.0 if day in bursts else 1.0)
    _is_steady(j, "usage_bursting", days)


def usage_fading(j: Journey, days: Days) -> None:
    """Use half as much within ten days, and less and less from then on."""
    changed = turn(j, days, SEEN_FOR)
    use(j, days, fading(j, changed))
    if changed is not None:
        j.ledger.note("usage_fading", "alert", days[changed], days[changed] + _HELPS)


def usage_quiet(j: Journey, days: Days) -> None:
    """Stop from one day to the next; meters show nothing, or are not read any more."""
    changed = turn(j, days, SEEN_FOR)
    left = j.rng.choice((0.0, None))
    use(j, days, lambda day: left if changed is not None and day >= changed else 1.0)
    if changed is not None:
        j.ledger.note("usage_quiet", "alert", days[changed], days[changed] + _HELPS)


def visits_steady(j: Journey, days: Days) -> None:
    """Visit every few days."""
    _visit(j, days, inf)
    _is_steady(j, "visits_steady", days)


def visits_lapsed(j: Journey, days: Days) -> None:
    """Visit every few days, then not any more."""
    _lapse(j, days, "visits_lapsed", _visit)


def orders_steady(j: Journey, days: Days) -> None:
    """Order every few days."""
    _order(j, days, inf)
    _is_steady(j, "orders_steady", days)


def orders_lapsed(j: Journey, days: Days) -> None:
    """Order every few days, then not any more."""
    _lapse(j, days, "orders_lapsed", _order)


def turn(j: Journey, days: Days, then: int) -> int | None:
    """Draw the day on which a habit changes, `then` days before the end; None without room."""
    last = len(days) - then
    return j.rng.randrange(_KNOWN_FOR, last) if last > _KNOWN_FOR else None


def as_ever(_day: int) -> float:
    """Return the level of a habit that does not change."""
    return 1.0


def fading(j: Journey, turn: int | None) -> Level:
    """Return a level that halves within ten days of a turn, and goes on falling."""
    if turn is None:
        return as_ever
    halved = j.rng.uniform(6, 10)
    return lambda day: max(0.05, 1 - max(0, day - turn + 1) / (2 * halved))


def use(j: Journey, days: Days, level: Level) -> None:
    """Log what a meter reads every evening: level, weekend and chance; some days are holidays."""
    gigabytes, minutes = exp(j.rng.gauss(1.0, 0.5)), exp(j.rng.gauss(3.4, 0.5))
    weekend, spread = j.rng.uniform(0.7, 1.5), j.rng.uniform(0.1, 0.25)
    for number, day in enumerate(days):
        used = level(number)
        if used is None:
            return
        if day.weekday() >= 5:
            used *= weekend
        if j.rng.random() < 0.02:
            used *= 0.5
        j.go_to(day)
        read = {
            "gb": round(gigabytes * used * exp(j.rng.gauss(0, spread)), 2),
            "minutes": round(minutes * used * exp(j.rng.gauss(0, spread))),
        }
        j.log(T.USAGE, "network", "billing", author_type=AuthorType.SYSTEM, attributes=read)


def _is_steady(j: Journey, kind: str, days: Days) -> None:
    if days:
        j.ledger.note(kind, "silence", days[0], days[-1])


def _beats(j: Journey, days: Days, every: float, until: float) -> list[datetime]:
    """Return times about `every` so many days, up to the day `until`."""
    times, day = [], j.rng.uniform(0, every)
    while day < min(len(days) - 1, until):
        times.append(days[0] + DAY * day - timedelta(hours=j.rng.uniform(1, 14)))
        day += every * max(0.3, j.rng.gauss(1, 0.2))
    return times


def _visit(j: Journey, days: Days, until: float) -> tuple[float, list[datetime]]:
    every = j.rng.uniform(1, 4)
    times = _beats(j, days, every, until)
    channel = j.rng.choice(("web", "app"))
    for at in times:
        j.go_to(at)
        j.log(T.VISIT, channel, "web", attributes={"pages": j.rng.randrange(1, 12)})
    return every, times


def _order(j: Journey, days: Days, until: float) -> tuple[float, list[datetime]]:
    every = j.rng.uniform(2, 6)
    times = _beats(j, days, every, until)
    for number, at in enumerate(times):
        j.go_to(at)
        j.order_id = f"S{j.name}-{number}"
        j.log(T.ORDER_PLACED, "app", "shop", attributes={"amount": j.rng.randrange(90, 900)})
        j.wait(20)
        j.log(T.ORDER_DELIVERED, "courier", "shop")
    return every, times


def _lapse(
    j: Journey,
    days: Days,
    kind: str,
    beat: Beat,
) -> None:
    changed = turn(j, days, SEEN_FOR)
    every, times = beat(j, days, inf if changed is None else changed)
    if changed is not None:
        at = times[-1] + 2 * every * DAY
        j.ledger.note(kind, "alert", at, at + _HELPS)
