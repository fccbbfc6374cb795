"""Journeys of customers, one function each."""

from collections.abc import Callable
from datetime import datetime

from pipeline.model.event import USUAL_SCALES, AuthorType, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.sources.simulate.company import company, pick
from pipeline.sources.simulate.journey import Journey
from pipeline.sources.simulate.plan import Incident
from pipeline.sources.simulate.writer import answer, comment

T = EventType


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
        _contact(j, pick(j.rng, j.customer.brand.themes))


def support(j: Journey) -> None:
    """Contact the company about something."""
    j.feel(-0.35 * j.rng.random())
    _contact(j, pick(j.rng, j.customer.brand.themes))


def payment_failed(j: Journey) -> None:
    """A payment fails; some customers ask why."""
    for attempt in range(j.rng.choice((1, 1, 2, 3))):
        j.log(T.PAYMENT_FAILED, "app", "payments", attributes={"attempt": attempt + 1})
        j.wait(0.05)
        j.feel(-0.12)
    if j.rng.random() < 0.3:
        _contact(j, "payment" if "payment" in j.customer.brand.themes else "billing")


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
    j.log(
        T.ORDER_PROMISED,
        "email",
        "shop",
        author_type=AuthorType.SYSTEM,
        attributes={"hours": promised},
    )
    late = held_until is not None or j.chance("order_late")
    if late:
        j.wait(promised)
        j.log(
            T.ORDER_DELAYED,
            "email",
            "shop",
            author_type=AuthorType.SYSTEM,
            attributes={"promised_at": j.later(promised, held_until).isoformat()},
        )
        j.feel(-0.45)
        if j.chance("contacts_when_late"):
            _contact(j, "delivery", solvable=False)
    if held_until is not None:
        j.clock = max(j.clock, held_until)
    j.wait(promised * (0.6 if late else 0.3))
    j.log(T.ORDER_SHIPPED, "email", "shop", author_type=AuthorType.SYSTEM)
    j.wait(promised * 0.4)
    j.log(
        T.ORDER_DELIVERED,
        "store" if j.rng.random() < 0.1 else "courier",
        "shop",
        attributes={"late": late},
    )
    if not late:
        j.feel(0.1)
    _close_ticket(j)
    if j.chance("order_wrong"):
        j.wait(4)
        j.feel(-0.4)
        _contact(j, "defect")
        j.wait(24)
        j.log(T.ORDER_RETURNED, "courier", "shop")
    _rate(j, Metric.CSAT)
    if j.rng.random() < 0.25:
        j.wait(10)
        _review(j)


def praise(j: Journey) -> None:
    """Post praise in public if the customer is happy."""
    if j.joy < 0.5:
        return
    text = j.text("praise", "positive")
    j.log(T.POST, "twitter", "social", text=text)


def pulse(j: Journey) -> None:
    """Answer the yearly survey."""
    _send_survey(j)
    j.clock = j.later(0.2)
    _ask(j, Metric.NPS)


def outage(j: Journey, incident: Incident) -> None:
    """Lose service until the incident ends; most customers ask why."""
    j.log(T.OUTAGE_STARTED, "network", "network", author_type=AuthorType.SYSTEM)
    j.feel(-0.55)
    if j.chance("contacts_in_outage"):
        j.wait(1.2)
        _contact(j, "outage", solvable=False)
    j.clock = max(j.clock, incident.end)
    j.wait(0.1)
    j.log(T.OUTAGE_ENDED, "network", "network", author_type=AuthorType.SYSTEM)
    _close_ticket(j)
    _rate(j, Metric.CSAT)


def _contact(j: Journey, theme: str, *, solvable: bool = True) -> None:
    """Ask and be answered; customers who are not helped try elsewhere and complain.

    What is not `solvable` now leaves its ticket open.
    """
    _open_ticket(j, pick(j.rng, company().contact_channels), theme)
    if solvable and j.chance("solved_at_first"):
        _resolve(j)
        if j.chance("reopened"):
            _reopen(j, theme)
        _rate(j, j.rng.choice((Metric.CSAT, Metric.CES)))
        j.ticket_id = None
        return
    j.feel(-0.2)
    if j.chance("another_channel"):
        j.wait(10 if solvable else 0.4)
        j.feel(-0.1)
        _say(j, pick(j.rng, company().contact_channels), theme)
    if j.joy < 0.45 and j.chance("goes_public"):
        j.wait(8 if solvable else 0.5)
        _complain(j, theme)
    if solvable:
        j.wait(20)
        _close_ticket(j)
        _rate(j, Metric.CSAT)


def _open_ticket(j: Journey, channel: str, theme: str) -> None:
    j.ticket_id, j.ticket_channel = f"T{j.name}-{len(j.events)}", channel
    _say(j, channel, theme)
    j.wait(0.02)
    j.log(
        T.TICKET_OPENED, channel, "crm", author_type=AuthorType.SYSTEM, attributes={"topic": theme}
    )
    if channel in ("chat", "whatsapp", "app") and j.chance("bot_answers"):
        j.wait(0.01)
        text = answer(j.rng, j.customer, "bot")
        j.log(T.TICKET_REPLIED, channel, "crm", author_type=AuthorType.BOT, text=text)
    j.wait(1.5)
    text = answer(j.rng, j.customer, "reply")
    j.log(T.TICKET_REPLIED, channel, "crm", author_type=AuthorType.AGENT, text=text)


def _say(j: Journey, channel: str, theme: str) -> None:
    mood = j.mood()
    text = j.text(theme, mood, leaves=mood == "furious" and j.chance("threatens_to_leave"))
    if channel == "call":
        seconds = {
            "waited_s": j.rng.randrange(5, 600),
            "handled_s": j.rng.randrange(60, 900),
        }
        reason = "information" if mood == "neutral" else "problem"
        j.log(
            T.CALL, channel, "contact center", text=text, attributes={"reason": reason, **seconds}
        )
    else:
        j.log(T.MESSAGE, channel, "contact center", text=text)


def _close_ticket(j: Journey) -> None:
    if j.ticket_id is not None:
        _resolve(j)
        j.ticket_id = None


def _resolve(j: Journey) -> None:
    j.wait(5)
    text = answer(j.rng, j.customer, "resolved")
    j.log(T.TICKET_RESOLVED, j.ticket_channel, "crm", author_type=AuthorType.AGENT, text=text)
    j.feel(0.2)


def _reopen(j: Journey, theme: str) -> None:
    j.wait(12)
    j.feel(-0.5)
    _say(j, j.ticket_channel, theme)
    j.wait(0.05)
    j.log(T.TICKET_REOPENED, j.ticket_channel, "crm", author_type=AuthorType.SYSTEM)
    _resolve(j)


def _complain(j: Journey, theme: str) -> None:
    channel = pick(j.rng, company().public_channels)
    text = j.text(
        theme, "furious" if j.joy < 0.3 else "negative", leaves=j.chance("threatens_to_leave")
    )
    if channel == "twitter":
        j.log(T.POST, channel, "social", text=text)
    else:
        j.log(T.COMPLAINT, channel, "social", title=text.split(".")[0][:80], text=text)


def _review(j: Journey) -> None:
    mood = "positive" if j.joy > 0.55 else "negative"
    text = j.text("delivery", mood)
    j.log(T.REVIEW, "web", "shop", text=text, score=_score(j, Metric.RATING))


def _send_survey(j: Journey) -> None:
    j.log(T.SURVEY_SENT, "email", "survey", author_type=AuthorType.SYSTEM)


def _rate(j: Journey, metric: Metric) -> None:
    _send_survey(j)
    if j.chance("rates"):
        j.wait(3)
        _ask(j, metric)


def _ask(j: Journey, metric: Metric) -> None:
    score = _score(j, metric)
    text = None
    if j.chance("comments"):
        share = (score.value - score.scale_min) / (score.scale_max - score.scale_min)
        mood = ("furious", "negative", "neutral", "positive")[
            (share > 0.1) + (share > 0.45) + (share > 0.7)
        ]
        text = comment(j.rng, j.customer, mood)
    j.log(T.SURVEY, "survey", "survey", score=score, text=text)


def _score(j: Journey, metric: Metric) -> Score:
    low, high = USUAL_SCALES[metric]
    felt = min(1.0, max(0.0, j.rng.gauss(j.joy, 0.12)))
    return Score(metric, low + round(felt * (high - low)), low, high)


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
