"""Time that passes is evidence: what customers wait for in vain alerts once."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.common.epoch_micros import to_micros
from pipeline.detection.customer import NEVER, due_of, state_digest
from pipeline.detection.memory import CHANNELS
from pipeline.detection.waits import WAITS
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import START, Customer, delivered, event, histories, promised, reading
from tests.unit.test_detection_properties import cut, disturbed, in_order

END = 2_000.0
"""Hours after the start at which all is overdue."""
PATIENCE = 4.0
"""Hours after which the rule `delivery_missed` gives up."""


def states(customer: Customer) -> list[str]:
    return [one.state for one in customer.published if one.cause == "promise_broken"]


def test_a_missed_delivery_alerts_at_its_time_without_any_event() -> None:
    customer = Customer()
    customer.receive(promised("e1", 0, due=24))
    assert customer.pass_time(24 + PATIENCE - 0.001) == []
    (alert,) = customer.pass_time(24 + PATIENCE)
    assert (alert.cause, alert.severity) == ("promise_broken", "high")
    assert alert.opened_at == START + timedelta(hours=24 + PATIENCE)
    assert [one.event_id for one in alert.evidence] == ["e1"]
    assert customer.pass_time(48) == []


def test_what_comes_late_and_was_in_time_takes_the_alert_back() -> None:
    customer = Customer()
    customer.receive(promised("e1", 0, due=24))
    customer.pass_time(30)
    customer.receive(delivered("e2", 23))
    assert states(customer) == ["open", "withdrawn"]


def test_a_promise_moved_in_time_is_not_missed_and_the_new_one_may_be() -> None:
    customer = Customer()
    at = (START + timedelta(hours=100)).isoformat()
    customer.receive(
        promised("e1", 0, due=24),
        event("e2", EventType.ORDER_DELAYED, 20, order_id="O1", attributes={"promised_at": at}),
    )
    assert "promise_broken" not in {one.cause for one in customer.pass_time(90)}
    (missed,) = [one for one in customer.pass_time(200) if one.cause == "promise_broken"]
    assert missed.opened_at == START + timedelta(hours=100 + PATIENCE)


def test_two_orders_are_waited_for_each_on_its_own() -> None:
    customer = Customer()
    customer.receive(
        promised("e1", 0, due=24, order_id="A"), promised("e2", 1, due=30, order_id="B")
    )
    customer.receive(delivered("e3", 20, order_id="A"))
    (missed,) = customer.pass_time(60)
    assert [one.event_id for one in missed.evidence] == ["e2"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(10, 60), st.integers(-5, 30)), min_size=2, max_size=6))
def test_each_missed_deadline_is_alerted_once_however_close_to_another(
    orders: list[tuple[int, int]],
) -> None:
    """Each order is due at an hour, and comes some hours after that."""
    comings = [
        delivered(f"came {number}", due + late, order_id=f"O{number}")
        for number, (due, late) in enumerate(orders)
        if late < 24
    ]
    promises = [
        promised(f"promise {number}", 0, due=due, order_id=f"O{number}")
        for number, (due, _) in enumerate(orders)
    ]
    customer = Customer()
    for scored in sorted((*promises, *comings), key=lambda one: one.event.occurred_at):
        customer.receive(scored)
    customer.pass_time(END)
    alerts = [one for one in customer.alerts().values() if one.cause == "promise_broken"]
    cited = [proof.event_id for one in alerts for proof in one.evidence]
    missed = [number for number, (_, late) in enumerate(orders) if late > PATIENCE]
    on_time = [number for number, (_, late) in enumerate(orders) if late <= PATIENCE]
    assert all(cited.count(f"promise {number}") == 1 for number in missed)
    assert not any(f"promise {number}" in cited for number in on_time)


@pytest.mark.parametrize(
    ("kind", "cause", "hours"),
    [
        (EventType.TICKET_OPENED, "reply_overdue", 24),
        (EventType.TICKET_REPLIED, "ticket_stalled", 120),
    ],
)
def test_a_second_ticket_that_waits_within_the_cool_down_alerts_and_weighs_nothing(
    kind: EventType, cause: str, hours: int
) -> None:
    customer = Customer()
    agent = {"author_type": AuthorType.AGENT}
    by = agent if kind is EventType.TICKET_REPLIED else {}
    customer.receive(event("e1", kind, 0, ticket_id="T1", **by))
    customer.receive(event("e2", kind, 6, ticket_id="T2", **by))
    customer.pass_time(hours)
    customer.receive(event("e3", EventType.TICKET_RESOLVED, hours + 2, ticket_id="T1", **agent))
    before = customer.state.head.loads[cause]
    (opened,) = [one for one in customer.pass_time(hours + 6) if one.cause == cause]
    assert (opened.state, [one.event_id for one in opened.evidence]) == ("open", ["e2"])
    assert customer.state.head.loads[cause] == before


def test_a_ticket_nobody_answers_and_one_that_stands_still() -> None:
    customer = Customer()
    customer.receive(event("e1", EventType.TICKET_OPENED, 0, ticket_id="T1"))
    assert [one.cause for one in customer.pass_time(24)] == ["reply_overdue"]
    agent = {"ticket_id": "T1", "author_type": AuthorType.AGENT}
    customer.receive(event("e2", EventType.TICKET_REPLIED, 30, **agent))
    assert customer.pass_time(30 + 120 - 1) == []
    assert [one.cause for one in customer.pass_time(30 + 120)] == ["ticket_stalled"]


def test_a_state_says_when_it_is_due_without_being_decoded() -> None:
    customer = Customer()
    customer.receive(event("e0", EventType.CALL, 0, author_type=AuthorType.AGENT))
    assert due_of(customer.encoded) == NEVER
    customer.receive(promised("e1", 0, due=24))
    assert due_of(customer.encoded) == to_micros(START + timedelta(hours=24 + PATIENCE))
    customer.receive(delivered("e2", 2))
    assert due_of(customer.encoded) == NEVER


def test_what_is_waited_for_is_bounded() -> None:
    customer = Customer(max_events=500)
    for number in range(3 * WAITS):
        customer.receive(promised(f"e{number:03}", number, due=500, order_id=f"O{number}"))
    assert len(customer.state.head.memory.waits) == WAITS


def test_who_was_answered_on_a_channel_waits_for_a_reply_there_without_a_ticket() -> None:
    customer = Customer()
    agent = {"author_type": AuthorType.AGENT}
    customer.receive(event("e1", EventType.MESSAGE, 0, reading("neutral")))
    assert customer.pass_time(30) == []  # nothing shows that replies are seen here
    customer.receive(event("e2", EventType.MESSAGE, 31, **agent))
    customer.receive(event("e3", EventType.MESSAGE, 100, reading("neutral")))
    assert [one.cause for one in customer.pass_time(124)] == ["reply_overdue"]


def test_a_conversation_that_was_answered_just_ends() -> None:
    customer = Customer()
    customer.receive(
        event("e1", EventType.MESSAGE, 0, reading("neutral")),
        event("e2", EventType.MESSAGE, 0.1, author_type=AuthorType.AGENT),
        event("e3", EventType.MESSAGE, 0.2, reading("neutral")),
    )
    assert customer.pass_time(48) == []
    customer.receive(event("e4", EventType.MESSAGE, 50, reading("neutral")))
    customer.receive(event("e5", EventType.MESSAGE, 50.1, author_type=AuthorType.AGENT))
    customer.receive(event("e6", EventType.MESSAGE, 50.2, reading("negative")))
    assert "reply_overdue" in {one.cause for one in customer.pass_time(75)}


def test_the_channels_of_answers_are_bounded() -> None:
    customer = Customer()
    for number in range(3 * CHANNELS):
        channel = f"c{number}"
        customer.receive(
            event(
                f"e{number:03}",
                EventType.MESSAGE,
                number,
                channel=channel,
                author_type=AuthorType.AGENT,
            )
        )
    last = tuple(f"c{number}" for number in range(2 * CHANNELS, 3 * CHANNELS))
    assert customer.state.head.memory.answered_on == last


@settings(max_examples=80, deadline=None)
@given(history=histories(most=25), data=st.data(), dice=st.randoms(use_true_random=False))
def test_when_and_how_often_time_is_looked_at_does_not_matter_whatever_comes_late(
    history: list[Scored], data: Any, dice: Random
) -> None:
    expected = in_order(history, 30)
    expected.pass_time(END)
    customer = Customer(30)
    for batch in cut(disturbed(history, late=20, dice=dice), dice):
        customer.receive(*batch)
        if dice.random() < 0.5:
            customer.pass_time(data.draw(st.integers(0, 400)))
    customer.pass_time(END)
    assert customer.alerts() == expected.alerts()
    assert state_digest(customer.state) == state_digest(expected.state)


@settings(max_examples=40, deadline=None)
@given(history=histories(most=20))
def test_a_replay_judges_as_the_month_did(history: list[Scored]) -> None:
    """Live, one looks every hour; in a replay the next event is the first to tell the time."""
    live, replayed = Customer(30), in_order(history, 30)
    for scored in history:
        hours = (scored.event.occurred_at - START) / timedelta(hours=1)
        live.receive(scored)
        live.pass_time(hours)
    for hour in range(0, 400, 5):
        live.pass_time(hour)
    replayed.pass_time(395)
    assert live.alerts() == replayed.alerts()


@settings(max_examples=40, deadline=None)
@given(history=histories(most=20), dice=st.randoms(use_true_random=False))
def test_nothing_overdue_rings_twice(history: list[Scored], dice: Random) -> None:
    customer = in_order(history, 30)
    customer.pass_time(END)
    said = len(customer.published)
    for scored in dice.choices(history, k=10):
        customer.receive(scored)
        customer.pass_time(END + dice.randint(0, 100))
    assert len(customer.published) == said
