"""Customers who leave, with signs before or without, and some who stay after all."""

from datetime import datetime, timedelta

from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate.journey import Journey
from pipeline.sources.simulate.rhythms import (
    DAY,
    SEEN_FOR,
    Days,
    as_ever,
    fading,
    turn,
    usage_steady,
    use,
)
from pipeline.sources.simulate.stories import chat, unanswered
from pipeline.sources.simulate.writer import spoken

_LEAVES_WITHIN = 18
"""Days from the first sign until a customer leaves, at most."""
_BEFORE, _AFTER = timedelta(days=14), timedelta(days=7)
"""How long before and after somebody leaves an alert is about it."""


def leaves_with_signs(j: Journey, days: Days) -> None:
    """Have a grievance, fade, look at how to leave, ask for the exit fee, and leave."""
    changed = turn(j, days, _LEAVES_WITHIN)
    if changed is None:
        usage_steady(j, days)
        return
    stays_for = j.rng.randrange(12, _LEAVES_WITHIN)
    leaves = days[changed + stays_for]
    use(j, days[: changed + stays_for], fading(j, changed))
    _have_a_grievance(j, days[changed])
    _look_at_leaving(j, days[changed] + DAY * j.rng.uniform(4, 7))
    _ask_for_exit_fee(j, days[changed] + DAY * j.rng.uniform(7, 11))
    j.ledger.note("usage_fading", "alert", days[changed], leaves)
    j.ledger.note("leaves_with_signs", "alert", days[changed], leaves)
    _leave(j, leaves)


def leaves_without_sign(j: Journey, days: Days) -> None:
    """Leave from one day to the next, without a word or a change before."""
    changed = turn(j, days, SEEN_FOR)
    use(j, days[:changed], as_ever)
    if changed is not None:
        j.ledger.note("leaves_without_sign", "either", days[changed] - _BEFORE, days[changed])
        _leave(j, days[changed])


def stays(j: Journey, days: Days) -> None:
    """Have the grievances of those who leave, ask for the exit fee, and stay."""
    use(j, days, as_ever)
    changed = turn(j, days, SEEN_FOR)
    if changed is None:
        return
    _have_a_grievance(j, days[changed])
    j.rng.choice((_look_at_leaving, _ask_for_exit_fee))(j, days[changed] + DAY * 5)
    j.go_to(days[changed] + DAY * j.rng.uniform(8, 13))
    j.log(T.SUBSCRIPTION_RENEWED, "web", "billing", author_type=AuthorType.SYSTEM)
    j.ledger.note("stays", "silence", days[changed], days[-1])


def _have_a_grievance(j: Journey, at: datetime) -> None:
    j.go_to(at - timedelta(hours=j.rng.uniform(2, 10)))
    if j.rng.random() < 0.5:
        chat(j, "chat_wrong")
    else:
        unanswered(j)


def _look_at_leaving(j: Journey, at: datetime) -> None:
    j.go_to(at)
    if j.rng.random() < 0.5:
        page = {"page": "/yardim/numara-tasima", "seconds": j.rng.randrange(30, 300)}
        j.log(T.VISIT, "web", "web", attributes=page)
    else:
        text = spoken(j.rng, j.customer, "exit_search", product=j.product)
        j.log(T.SELF_SERVICE_SEARCHED, "web", "help center", text=text)


def _ask_for_exit_fee(j: Journey, at: datetime) -> None:
    j.go_to(at)
    text = spoken(j.rng, j.customer, "exit_fee", product=j.product)
    j.log(T.CALL, "call", "contact center", text=text, attributes={"reason": "information"})


def _leave(j: Journey, at: datetime) -> None:
    j.go_to(at)
    j.ledger.note("left", "alert", at, at + _AFTER)
    by = j.rng.choice((AuthorType.CUSTOMER, AuthorType.SYSTEM))
    j.log(T.SUBSCRIPTION_CANCELLED, "web", "billing", author_type=by)
