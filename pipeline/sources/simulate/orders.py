"""Orders: placed, promised, sometimes late, delivered."""

from datetime import datetime, timedelta

from pipeline.model.event import AuthorType, Metric
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate.contacts import close_ticket, contact, give_word
from pipeline.sources.simulate.journey import Journey
from pipeline.sources.simulate.ratings import rate, review

GRACE = timedelta(hours=12)
"""A delivery that is less late than this may go unnoticed."""
_A_DAY = timedelta(days=1)
_HELPS = timedelta(days=3)
"""How long an alert helps once an order is a day late."""


def order(j: Journey, *, held_until: datetime | None = None) -> None:
    """Order and wait; an order `held_until` a time is late, and the customer asks for it."""
    j.order_id = f"S{j.name}"
    j.log(
        T.ORDER_PLACED,
        j.rng.choice(("web", "app")),
        "shop",
        attributes={"amount": j.rng.randrange(90, 9_000)},
    )
    j.wait(0.05)
    promised = j.rng.choice((12, 24, 36)) if held_until is None else 6
    due = j.later(promised)
    j.ledger.promise("delivery", j.clock, due, GRACE)
    attributes = {"hours": promised, "promised_at": due.isoformat()}
    j.log(T.ORDER_PROMISED, "email", "shop", author_type=AuthorType.SYSTEM, attributes=attributes)
    late = held_until is not None or j.chance("order_late")
    if late:
        _be_late(j, promised, due, held_until)
    j.wait(promised * (0.6 if late else 0.3))
    j.log(T.ORDER_SHIPPED, "email", "shop", author_type=AuthorType.SYSTEM)
    j.ledger.keep(j.clock, "shipping")
    j.wait(promised * 0.4)
    j.log(
        T.ORDER_DELIVERED,
        "store" if j.rng.random() < 0.1 else "courier",
        "shop",
        attributes={"late": late},
    )
    j.ledger.keep(j.clock, "delivery")
    _note_if_late(j, due, j.clock)
    _after_delivery(j, late=late)


def _be_late(j: Journey, promised: float, due: datetime, held_until: datetime | None) -> None:
    """Let the order be late, and tell the customer in time or not at all."""
    told = j.chance("tells_of_delay")
    if told:
        j.wait(0.6 * promised)
        # Longer than it takes, so that the second promise is mostly kept.
        later = j.later(2.2 * promised, held_until)
        j.ledger.move("delivery", j.clock, later)
        _note_if_late(j, due, later)
        attributes = {"promised_at": later.isoformat()}
        j.log(
            *(T.ORDER_DELAYED, "email", "shop"),
            author_type=AuthorType.SYSTEM,
            attributes=attributes,
        )
    else:
        j.wait(2 * promised)
    j.feel(-0.45)
    if j.chance("contacts_when_late"):
        contact(j, "delivery", solvable=False)
        if j.chance("gives_word"):
            give_word(j, "shipping")
    if held_until is not None:
        j.clock = max(j.clock, held_until)
    elif not told and not j.chance("late_by_hours"):
        j.wait(48)


def _note_if_late(j: Journey, due: datetime, arrives: datetime) -> None:
    if arrives - due >= _A_DAY:
        j.ledger.note("delivery_late", "alert", j.clock, j.clock + _HELPS)


def _after_delivery(j: Journey, *, late: bool) -> None:
    if not late:
        j.feel(0.1)
    close_ticket(j)
    if j.chance("order_wrong"):
        j.wait(4)
        j.feel(-0.4)
        contact(j, "defect")
        j.wait(24)
        j.log(T.ORDER_RETURNED, "courier", "shop")
    rate(j, Metric.CSAT)
    if j.rng.random() < 0.25:
        j.wait(10)
        review(j)
