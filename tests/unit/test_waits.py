"""What keeps a word, ends the wait for an answer, moves a promise, and is dropped first."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.detection.tells import ASKS, NOTES, tells_of
from pipeline.detection.wait import Wait
from pipeline.detection.waits import WAITS
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType
from pipeline.model.reading import Intent, Promise, Scored
from tests.support.customers import START, Customer, event, promised, reading

AGENT: dict[str, Any] = {"author_type": AuthorType.AGENT}
BOT: dict[str, Any] = {"author_type": AuthorType.BOT}
MESSAGE, CALL, VISIT = EventType.MESSAGE, EventType.CALL, EventType.VISIT
REPLIED, RESOLVED = EventType.TICKET_REPLIED, EventType.TICKET_RESOLVED
DUE = 24
"""Hours until a word is due."""


def word(what: str, **fields: Any) -> Scored:
    """An agent's promise of something within a day."""
    said = replace(reading("neutral"), promises=(Promise(what, float(DUE), None, False, 0, 5),))
    return event("e0", MESSAGE, 0, said, **AGENT, **fields)


def causes(*events: Scored, until: float) -> set[str]:
    """Return the causes of the alerts that are open in the end."""
    customer = Customer()
    for one in events:
        customer.receive(one)
    customer.pass_time(until)
    return set(customer.state.head.open)


THANKED = reading("positive", 0.0, Intent("thanks", 0, 4))
NO_WORD_KEPT: Sequence[Scored] = (
    event("e1", MESSAGE, 0.2, reading("neutral"), **AGENT),
    event("e1", MESSAGE, 3, reading("neutral"), channel="sms", **AGENT),
    event(
        "e1", REPLIED, 3, channel="email", ticket_id="T9", attributes={"internal": True}, **AGENT
    ),
    event("e1", RESOLVED, 3, channel="email", ticket_id="T9", **AGENT),
    event("e1", MESSAGE, 3, reading("neutral"), author_type=AuthorType.BOT),
    event("e1", MESSAGE, 3, reading("neutral")),
    event("e1", CALL, 3, reading("neutral"), channel="call", attributes={"direction": "in"}),
    event("e1", CALL, 3, reading("neutral", 0.0, Intent("ask_exit", 0, 4)), channel="call"),
)


@pytest.mark.parametrize("what", ["callback", "answer", "technician", "refund"])
@pytest.mark.parametrize("number", range(len(NO_WORD_KEPT)))
def test_what_is_no_coming_back_keeps_no_word(what: str, number: int) -> None:
    assert "promise_broken" in causes(word(what), NO_WORD_KEPT[number], until=DUE + 1)


@pytest.mark.parametrize(
    ("what", "keeps"),
    [
        ("callback", event("e1", CALL, 3, channel="call", **AGENT)),
        (
            "callback",
            event("e1", CALL, 3, reading("positive", 0.0, Intent("thanks", 0, 4)), channel="call"),
        ),
        ("callback", event("e1", MESSAGE, 3, reading("neutral"), **AGENT)),
        ("callback", event("e1", CALL, 3, channel="call", attributes={"direction": "out"})),
        ("answer", event("e1", REPLIED, 3, channel="email", ticket_id="T7", **AGENT)),
        ("technician", event("e1", VISIT, 3, channel="home", **AGENT)),
        ("refund", event("e1", EventType.PAYMENT_REFUNDED, 3, order_id="O1")),
        ("refund", event("e1", EventType.ORDER_CANCELLED, 3, attributes={"refunded": True})),
    ],
)
def test_a_word_is_kept_by_what_was_promised(what: str, keeps: Scored) -> None:
    assert "promise_broken" not in causes(word(what), keeps, until=DUE + 1)


@pytest.mark.parametrize("what", ["technician", "refund"])
def test_what_keeps_a_call_keeps_nothing_else(what: str) -> None:
    by_call = event("e1", CALL, 3, channel="call", **AGENT)
    assert "promise_broken" in causes(word(what), by_call, until=DUE + 1)


def test_what_is_known_to_be_of_another_order_or_ticket_keeps_no_word() -> None:
    paid = event("e1", EventType.PAYMENT_REFUNDED, 3, order_id="O2")
    assert "promise_broken" in causes(word("refund", order_id="O1"), paid, until=DUE + 1)
    called = event("e1", CALL, 3, channel="call", ticket_id="T2", **AGENT)
    assert "promise_broken" in causes(word("callback", ticket_id="T1"), called, until=DUE + 1)


@given(minutes=st.lists(st.integers(1, 29), min_size=1, max_size=12), by_agent=st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_talk_keeps_no_word_however_long_it_goes_on(minutes: list[int], by_agent: bool) -> None:
    events, clock = [word("callback")], 0.0
    for number, some in enumerate(minutes):
        clock += some / 60
        author = AGENT if by_agent or number % 2 else {}
        events.append(event(f"e{number + 1}", MESSAGE, clock, reading("neutral"), **author))
    assert "promise_broken" in causes(*events, until=DUE + 1)


def test_a_missed_visit_stays_open_until_somebody_comes() -> None:
    customer = Customer()
    customer.receive(word("technician"))
    customer.pass_time(DUE + 1)
    customer.receive(event("e1", MESSAGE, DUE + 2, reading("negative")))
    customer.receive(event("e2", MESSAGE, DUE + 2.1, reading("neutral"), **AGENT))
    assert "promise_broken" in customer.state.head.open
    customer.receive(event("e3", VISIT, DUE + 20, channel="home", **AGENT))
    assert "promise_broken" not in customer.state.head.open


def test_a_technicians_visit_is_no_sign_of_life_of_the_customer() -> None:
    customer = Customer()
    customer.receive(event("e1", VISIT, 0, channel="home", **AGENT))
    assert customer.state.head.memory.habits == {}
    customer.receive(event("e2", VISIT, 1, channel="web"))
    assert list(customer.state.head.memory.habits) == ["visits"]


OPENED = event("e0", EventType.TICKET_OPENED, 0, ticket_id="T1", channel="email")


@pytest.mark.parametrize(
    ("then", "answers"),
    [
        (event("e1", REPLIED, 2, ticket_id="T1", channel="email", **AGENT), True),
        (event("e1", MESSAGE, 2, channel="email", **AGENT), True),
        (event("e1", CALL, 2, ticket_id="T1", channel="call", **AGENT), True),
        (event("e1", RESOLVED, 2, ticket_id="T1", **AGENT), True),
        (event("e1", REPLIED, 2, ticket_id="T1", channel="email", **BOT), False),
        (event("e1", REPLIED, 2, ticket_id="T2", channel="email", **AGENT), False),
        (event("e1", MESSAGE, 2, channel="sms", **AGENT), False),
        (
            event("e1", REPLIED, 2, ticket_id="T1", attributes={"internal": True}, **AGENT),
            False,
        ),
        (
            event("e1", CALL, 2, ticket_id="T1", attributes={"outcome": "missed"}, **AGENT),
            False,
        ),
    ],
)
def test_an_agent_answers_a_ticket(then: Scored, answers: bool) -> None:
    assert ("reply_overdue" not in causes(OPENED, then, until=25)) is answers


def test_the_wait_begins_anew_where_a_bot_hands_over() -> None:
    handed = {"ticket_id": "T1", "attributes": {"handoff": True}, **BOT}
    over = event("e1", REPLIED, 10, **handed)
    assert "reply_overdue" not in causes(OPENED, over, until=33)
    assert "reply_overdue" in causes(OPENED, over, until=34)
    # To hand over late is no answer.
    late = event("e1", REPLIED, 26, **handed)
    asks = event("e2", MESSAGE, 27, reading("neutral"), ticket_id="T1")
    assert "reply_overdue" in causes(OPENED, event("e9", VISIT, 25), late, asks, until=28)


@pytest.mark.parametrize(
    ("text", "tell"),
    [
        ("Tamam.", NOTES),
        ("Tamamdır, anladım. İyi akşamlar 🙂", NOTES),
        ("Peki, sağ olun", NOTES),
        ("Ok, noted.", NOTES),
        ("Got it, have a nice day!", NOTES),
        ("Alles klar, danke", NOTES),
        ("Tamam ama faturam hâlâ yanlış", None),
        ("Tamam, bekliyorum.", None),
        ("Peki nasıl olacak?", ASKS),
        ("Tamam mı?", ASKS),
        ("Evet", None),
        ("Yes", None),
        ("...", None),
    ],
)
def test_a_line_that_only_takes_note_needs_no_reply(text: str, tell: str | None) -> None:
    line = Event("e", START, "c", "chat", MESSAGE, text=text)
    assert tells_of(line) == ((tell,) if tell else ())
    assert tells_of(replace(line, author_type=AuthorType.AGENT)) == ()


def says(hours: float, days: int | None, **fields: Any) -> Scored:
    """An agent's words on the delivery of an order; without days they name no time."""
    promise = Promise("delivery", None, days, False, 0, 5)
    said = replace(reading("neutral"), promises=(promise,))
    return event(f"w{hours}", MESSAGE, hours, said, **AGENT, **fields)


def test_words_with_a_time_move_the_only_order_that_is_waited_for() -> None:
    order = promised("e1", 0, due=24)
    assert "promise_broken" not in causes(order, says(20, 3), until=90)
    assert "promise_broken" in causes(order, says(20, 3), until=120)
    assert "promise_broken" in causes(order, says(20, None), until=30)
    assert "promise_broken" in causes(
        promised("e0", 0, due=24, order_id="O2"), order, says(20, 3), until=30
    )
    arrived = event("e2", EventType.ORDER_DELIVERED, 40, order_id="O1")
    elsewhere = event("e2", EventType.ORDER_DELIVERED, 40, order_id="O2")
    assert "promise_broken" not in causes(order, says(20, 3), arrived, until=200)
    assert "promise_broken" in causes(order, says(20, 3), elsewhere, until=200)


def test_an_order_that_is_delayed_without_a_day_is_no_longer_promised() -> None:
    delayed = event("e2", EventType.ORDER_DELAYED, 20, order_id="O1")
    assert "promise_broken" not in causes(promised("e1", 0, due=24), delayed, until=200)


@pytest.mark.parametrize("kind", [MESSAGE, CALL])
def test_a_ticket_that_an_agent_works_on_does_not_stand_still(kind: EventType) -> None:
    work = [event(f"e{day}", kind, 24 * day, ticket_id="T1", **AGENT) for day in range(1, 9)]
    assert "ticket_stalled" not in causes(OPENED, *work, until=24 * 9)
    assert "ticket_stalled" in causes(OPENED, *work, until=24 * 14)
    # No closed ticket is opened by a later word.
    closed = event("e1", RESOLVED, 1, ticket_id="T1", **AGENT)
    late = event("e2", kind, 24, ticket_id="T1", **AGENT)
    assert "ticket_stalled" not in causes(OPENED, closed, late, until=24 * 9)


@given(
    tickets=st.integers(0, 3 * WAITS),
    dues=st.lists(st.integers(2_000, 3_000), min_size=1, max_size=9),
)
@settings(max_examples=20, deadline=None)
def test_what_was_judged_does_not_crowd_out_what_is_to_come(tickets: int, dues: list[int]) -> None:
    customer = Customer(max_events=500)
    for number, due in enumerate(dues):
        customer.receive(promised(f"p{number}", 0, due=due, order_id=f"O{number}"))
    for number in range(tickets):
        opened = event(
            f"t{number:03}",
            EventType.TICKET_OPENED,
            24 * number,
            ticket_id=f"T{number}",
        )
        customer.receive(opened)
    customer.pass_time(1_500)
    waits = customer.state.head.memory.waits
    assert len(waits) <= WAITS
    kept = {wait.key for wait in waits if wait.kind == "delivery"}
    assert kept == {f"O{number}" for number in range(len(dues))}


def test_of_what_is_to_come_the_last_due_is_dropped() -> None:
    customer = Customer(max_events=500)
    for number in range(WAITS + 5):
        customer.receive(promised(f"e{number:03}", 0, due=500 - number, order_id=f"O{number}"))
    kept = {wait.key for wait in customer.state.head.memory.waits}
    assert kept == {f"O{number}" for number in range(5, WAITS + 5)}


def test_a_wait_of_an_older_version_still_opens() -> None:
    wait = Wait("delivery", "O1", 5, msgspec.Raw(b"\xc0"), 7)
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(wait))
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(fields[:5]), type=Wait)
    assert (old.place, old.judged, old.late, old.talk_ends) == (("delivery", "O1"), 7, False, 0)
