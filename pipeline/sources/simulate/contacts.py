"""Contacts: customers ask, agents answer, give their word and solve."""

from datetime import datetime, timedelta

from pipeline.model.event import AuthorType, Metric
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate.company import PromiseKind, company, pick
from pipeline.sources.simulate.journey import Journey
from pipeline.sources.simulate.ratings import rate
from pipeline.sources.simulate.writer import answer, promise, spoken

ANSWERED_WITHIN, ANSWER_GRACE = timedelta(hours=24), timedelta(hours=12)
"""By when a message or complaint has an answer, and how much later it may go unnoticed."""
WORD_GRACE = timedelta(hours=1)
"""An agent's promise that is kept less late than this may go unnoticed."""
_HELPS = timedelta(days=2)
"""How long an alert helps with somebody who complains in public, or has to ask again and again."""


def contact(j: Journey, theme: str, *, solvable: bool = True) -> None:
    """Ask and be answered; customers who are not helped try elsewhere and complain.

    What is not `solvable` now leaves its ticket open.
    """
    _open_ticket(j, pick(j.rng, company().contact_channels), theme)
    if solvable and j.chance("solved_at_first"):
        _resolve(j)
        if j.chance("reopened"):
            _reopen(j, theme)
        rate(j, j.rng.choice((Metric.CSAT, Metric.CES)))
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
        close_ticket(j)
        rate(j, Metric.CSAT)


def _open_ticket(j: Journey, channel: str, theme: str) -> None:
    """Ask on a channel, which opens a ticket, and be answered."""
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
    if j.chance("gives_word"):
        give_word(j, "callback")
    else:
        reply(j, answer(j.rng, j.customer, "reply"))


def reply(j: Journey, text: str) -> None:
    """Be answered by an agent."""
    j.log(T.TICKET_REPLIED, j.ticket_channel, "crm", author_type=AuthorType.AGENT, text=text)
    j.ledger.keep(j.clock, "answer")


def give_word(j: Journey, kind: PromiseKind) -> datetime:
    """Be promised something by an agent, and return by when.

    A call back is made in time, or is left to chance.
    """
    text, due = promise(j.rng, j.customer, kind, j.clock)
    reply(j, text)
    j.ledger.promise(kind, j.clock, due, WORD_GRACE)
    if kind == "callback" and j.chance("keeps_word"):
        j.wait(min(4, (due - j.clock) / timedelta(hours=1) * 0.5))
        _call_back(j)
    return due


def _call_back(j: Journey) -> None:
    """Be called, or written to, by an agent."""
    text = spoken(j.rng, j.customer, "calls_back", product=j.product)
    if j.rng.random() < 0.6:
        attributes = {"direction": "out", "outcome": "answered"}
        kind, channel = T.CALL, "call"
    else:
        attributes, kind, channel = {}, T.MESSAGE, j.ticket_channel
    j.log(
        *(kind, channel, "contact center"),
        author_type=AuthorType.AGENT,
        text=text,
        attributes=attributes,
    )
    j.ledger.keep(j.clock, "answer", "callback")


def _say(j: Journey, channel: str, theme: str) -> None:
    """Call or write; what is written waits for an answer."""
    _count(j, channel)
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
        j.ledger.promise("answer", j.clock, j.clock + ANSWERED_WITHIN, ANSWER_GRACE)


def _count(j: Journey, channel: str) -> None:
    """Note the effort of the third contact about a matter, and that of a third channel.

    What is written again within a day on the channel of the ticket is the same conversation.
    """
    lately = {asked for at, asked in j.asked if j.clock - at <= timedelta(days=1)}
    if channel in lately and channel != "call":
        return
    j.asked.append((j.clock, channel))
    if len(j.asked) == 3:
        j.ledger.note("asks_again", "alert", j.clock, j.clock + _HELPS)
    if len(lately | {channel}) == 3:
        j.ledger.note("many_channels", "alert", j.clock, j.clock + _HELPS)


def close_ticket(j: Journey) -> None:
    """Have the ticket solved, if there is one."""
    if j.ticket_id is not None:
        _resolve(j)
        j.ticket_id = None


def _resolve(j: Journey) -> None:
    j.wait(5)
    text = answer(j.rng, j.customer, "resolved")
    j.log(T.TICKET_RESOLVED, j.ticket_channel, "crm", author_type=AuthorType.AGENT, text=text)
    j.ledger.keep(j.clock, "answer", "callback")
    j.asked.clear()
    j.feel(0.2)


def _reopen(j: Journey, theme: str) -> None:
    j.wait(12)
    j.feel(-0.5)
    j.ledger.note("reopened", "alert", j.clock, j.clock + _HELPS)
    _say(j, j.ticket_channel, theme)
    j.wait(0.05)
    j.log(T.TICKET_REOPENED, j.ticket_channel, "crm", author_type=AuthorType.SYSTEM)
    _resolve(j)


def _complain(j: Journey, theme: str) -> None:
    channel = pick(j.rng, company().public_channels)
    _count(j, channel)
    j.ledger.note("public_complaint", "alert", j.clock, j.clock + _HELPS)
    text = j.text(
        theme, "furious" if j.joy < 0.3 else "negative", leaves=j.chance("threatens_to_leave")
    )
    if channel == "twitter":
        j.log(T.POST, channel, "social", text=text)
    else:
        j.log(T.COMPLAINT, channel, "social", title=text.split(".")[0][:80], text=text)
        j.ledger.promise("answer", j.clock, j.clock + ANSWERED_WITHIN, ANSWER_GRACE)
