"""Journeys of customers, one function each."""

from collections.abc import Callable

from pipeline.model.event import AuthorType, Metric
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate.company import company, pick
from pipeline.sources.simulate.contacts import close_ticket, contact
from pipeline.sources.simulate.journey import Journey
from pipeline.sources.simulate.orders import order
from pipeline.sources.simulate.plan import Incident
from pipeline.sources.simulate.ratings import ask, ask_and_contradict, rate, send_survey


def browse(j: Journey) -> None:
    """Browse; an offer is shown and accepted, dismissed or ignored."""
    channel = pick(j.rng, company().browse_channels)
    j.log(T.VISIT, channel, "web", attributes={"pages": j.rng.randrange(1, 12)})
    if channel == "app":
        j.wait(0.05)
        j.log(T.USAGE, channel, "app", attributes={"minutes": j.rng.randrange(1, 30)})
    if j.rng.random() < 0.4:
        j.wait(0.05)
        j.log(T.OFFER_SHOWN, channel, "marketing")
        answered = j.rng.random()
        j.wait(0.05)
        if answered < 0.15 * j.joy:
            j.log(T.OFFER_ACCEPTED, channel, "marketing")
        elif answered < 0.6:
            j.log(T.OFFER_DISMISSED, channel, "marketing")


def self_service(j: Journey) -> None:
    """Try self-service, and contact the company if it fails."""
    channel = j.rng.choice(("web", "app"))
    j.log(T.SELF_SERVICE_VIEWED, channel, "help center")
    j.wait(0.03)
    j.log(T.SELF_SERVICE_SEARCHED, channel, "help center")
    j.wait(0.1)
    if j.chance("self_service_works"):
        j.log(T.SELF_SERVICE_RESOLVED, channel, "help center")
        return
    j.log(T.SELF_SERVICE_ABANDONED, channel, "help center")
    j.feel(-0.1)
    if j.rng.random() < 0.5:
        j.wait(0.3)
        contact(j, pick(j.rng, j.customer.brand.themes))


def support(j: Journey) -> None:
    """Contact the company about something."""
    j.feel(-0.35 * j.rng.random())
    contact(j, pick(j.rng, j.customer.brand.themes))


def payment_failed(j: Journey) -> None:
    """A payment fails; some customers ask why."""
    for attempt in range(j.rng.choice((1, 1, 2, 3))):
        j.log(T.PAYMENT_FAILED, "app", "payments", attributes={"attempt": attempt + 1})
        j.wait(0.05)
        j.feel(-0.12)
    if j.rng.random() < 0.3:
        contact(j, "payment" if "payment" in j.customer.brand.themes else "billing")


def praise(j: Journey) -> None:
    """Post praise in public if the customer is happy."""
    if j.joy < 0.5:
        return
    text = j.text("praise", "positive")
    j.log(T.POST, "twitter", "social", text=text)


def pulse(j: Journey) -> None:
    """Answer the yearly survey."""
    send_survey(j)
    j.clock = j.later(0.2)
    if j.chance("contradicts"):
        ask_and_contradict(j)
    else:
        ask(j, Metric.NPS)


def outage(j: Journey, incident: Incident) -> None:
    """Lose service until the incident ends; most customers ask why."""
    j.ledger.note("outage", "alert", j.clock, incident.end)
    j.log(T.OUTAGE_STARTED, "network", "network", author_type=AuthorType.SYSTEM)
    j.feel(-0.55)
    if j.chance("contacts_in_outage"):
        j.wait(1.2)
        contact(j, "outage", solvable=False)
    j.clock = max(j.clock, incident.end)
    j.wait(0.1)
    j.log(T.OUTAGE_ENDED, "network", "network", author_type=AuthorType.SYSTEM)
    close_ticket(j)
    rate(j, Metric.CSAT)


JOURNEYS: dict[str, Callable[[Journey], None]] = {
    "browse": browse,
    "self_service": self_service,
    "support": support,
    "payment_failed": payment_failed,
    "order": order,
    "praise": praise,
    "pulse": pulse,
}
"""Journeys by their name in `company.yaml`."""
