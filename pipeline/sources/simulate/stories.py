"""Stories with a known truth: conversations, cries for help, tickets and messages left alone."""

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from random import Random

from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate.asides import scattered
from pipeline.sources.simulate.company import company, dialogues
from pipeline.sources.simulate.contacts import ANSWER_GRACE, ANSWERED_WITHIN, give_word, reply
from pipeline.sources.simulate.journey import CONTENT, HEATED, Journey
from pipeline.sources.simulate.plan import Plan
from pipeline.sources.simulate.truth import Truth
from pipeline.sources.simulate.writer import answer, promise, spoken

_HELPS = timedelta(hours=1)
"""How long an alert helps somebody in danger, or is about what somebody said."""
_TURN = 0.01
"""Hours between two turns, on average."""
_WAITS_FOR_ANSWER = {"question", "problem", "repeat", "person", "angry", "furious"}


def stories(plan: Plan, name: str, truths: list[Truth]) -> list[Event]:
    """Return the events of all stories, in order, and add what is true; `name` prefixes every id.

    Each kind draws from random numbers of its own, so one that is added changes no other.
    """
    events: list[Event] = []
    touchpoint = company().touchpoints["support"]
    for kind, weekly in company().stories.items():
        rng = Random(f"{name} story {kind}")
        for customer, at in scattered(rng, plan, weekly):
            number = f"{name}-s{len(events)}"
            journey = Journey(number, customer, touchpoint, at, CONTENT, plan.pace, rng)
            STORIES[kind](journey)
            events += (event for event in journey.events if event.occurred_at < plan.end)
            truths += journey.truths()
    return sorted(events, key=attrgetter("occurred_at"))


def chat(j: Journey, *kinds: str) -> None:
    """Talk to bot and agent by a script, of the kinds if any are given."""
    scripts = [one for one in dialogues().scripts if not kinds or one.kind in kinds]
    script = j.rng.choices(scripts, [one.weight for one in scripts])[0]
    channel = j.rng.choice(("chat", "whatsapp", "app"))
    start = known = j.clock
    for number, turn in enumerate(script.turns, 1):
        _say(j, channel, turn.line, turn.by)
        if number == script.known_by:
            known = j.clock
        j.wait(_TURN)
    match script.kind:
        case "chat_wrong":
            j.feel(-0.6)
            j.ledger.note("chat_wrong", "alert", known, j.clock)
        case "chat_friendly":
            j.ledger.note("chat_friendly", "silence", start, j.clock)
        case "chat_recovers":
            j.ledger.note("chat_recovers", "either", start, j.clock)


def endangered(j: Journey) -> None:
    """Write that somebody is in danger."""
    j.ledger.note("endangered", "alert", j.clock, j.clock + _HELPS)
    _ask(j, "endangered")
    _be_answered(j)
    j.wait(20)
    _be_solved(j)


def figure_of_speech(j: Journey) -> None:
    """Write something that only sounds as if somebody were in danger."""
    j.ledger.note("figure_of_speech", "silence", j.clock, j.clock + _HELPS)
    _ask(j, "figure_of_speech")
    _be_answered(j)
    j.wait(20)
    _be_solved(j)


def ticket_stalls(j: Journey) -> None:
    """Ask, be answered once, and hear nothing more for weeks."""
    _ask(j, "problem")
    _be_answered(j)
    j.wait(24 * 20)
    _be_solved(j)


def ticket_moves(j: Journey) -> None:
    """Ask something that takes a week, and hear of it every day."""
    _ask(j, "problem")
    _be_answered(j)
    for _ in range(j.rng.randrange(2, 6)):
        j.wait(24)
        reply(j, answer(j.rng, j.customer, "reply"))
    j.wait(24)
    _be_solved(j)


def unanswered(j: Journey) -> None:
    """Write, and hear nothing at all."""
    _say(j, j.rng.choice(("whatsapp", "email", "app")), "problem", AuthorType.CUSTOMER)


def technician(j: Journey) -> None:
    """Ask for what needs somebody to come, who comes, is put off in time, or stays away."""
    _ask(j, "problem")
    j.wait(0.5)
    due = give_word(j, "visit")
    if j.chance("moves_visit"):
        j.go_to(j.clock + (due - j.clock) / 2)
        text, due = promise(j.rng, j.customer, "visit", j.clock)
        j.ledger.move("visit", j.clock, due)
        reply(j, text)
    if j.chance("keeps_word"):
        j.go_to(j.clock + (due - j.clock) * j.rng.uniform(0.4, 1))
    else:
        j.go_to(due)
        j.wait(30)
    _be_solved(j)


def _ask(j: Journey, line: str) -> None:
    j.ticket_id, j.ticket_channel = f"T{j.name}", j.rng.choice(("whatsapp", "email", "chat"))
    _say(j, j.ticket_channel, line, AuthorType.CUSTOMER)
    j.wait(_TURN)
    j.log(T.TICKET_OPENED, j.ticket_channel, "crm", author_type=AuthorType.SYSTEM)


def _be_answered(j: Journey) -> None:
    j.wait(0.5)
    reply(j, answer(j.rng, j.customer, "reply"))


def _be_solved(j: Journey) -> None:
    text = answer(j.rng, j.customer, "resolved")
    j.log(T.TICKET_RESOLVED, j.ticket_channel, "crm", author_type=AuthorType.AGENT, text=text)
    j.ledger.keep(j.clock, "answer", "visit")


def _say(j: Journey, channel: str, line: str, by: AuthorType) -> None:
    text = spoken(j.rng, j.customer, line, product=j.product)
    if line == "furious":
        j.ledger.note("fury", "alert", j.clock, j.clock + HEATED)
    if by is AuthorType.AGENT:
        j.ledger.keep(j.clock, "answer")
    elif line in _WAITS_FOR_ANSWER:
        j.ledger.promise("answer", j.clock, j.clock + ANSWERED_WITHIN, ANSWER_GRACE)
    j.log(T.MESSAGE, channel, "contact center", author_type=by, text=text)


STORIES: dict[str, Callable[[Journey], None]] = {
    "chat": chat,
    "endangered": endangered,
    "figure_of_speech": figure_of_speech,
    "ticket_stalls": ticket_stalls,
    "ticket_moves": ticket_moves,
    "unanswered": unanswered,
    "technician": technician,
}
"""Stories by their name in `company.yaml`."""
