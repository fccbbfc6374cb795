"""What does not depend on how a customer's events arrive, and what does."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.detection import customer as detection
from pipeline.detection.customer import Arrival, state_digest
from pipeline.detection.entry import DAY
from pipeline.detection.fold import NEGLIGIBLE, decay
from pipeline.model.event import Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import CHURN, START, Customer, event, histories, leaving, reading

CHURN_READ = reading("negative", 0.5, CHURN)
ANGRY_READ = replace(reading("negative", 0.95), anger=3)

STATE_BOUND = {50: 176 * 1024, 200: 240 * 1024}
"""Bytes of an encoded state by `max_events`, with identifiers of up to 40 characters.

The customer of `busy` waits in vain all the time: half of it are alerts for that which are closed,
each deadline its own, kept for as long as a late event can show that there was no cause.
"""


def in_order(history: Sequence[Scored], max_events: int) -> Customer:
    """The customer whose events came one by one, each in its turn."""
    customer = Customer(max_events)
    for scored in history:
        customer.receive(scored)
    return customer


def disturbed(history: Sequence[Scored], late: int, dice: Random) -> list[Scored]:
    """The events in an order in which each has at most `late` newer ones before it; some twice."""
    places = [place + dice.uniform(0, late + 1) for place in range(len(history))]
    arriving = list(zip(places, history, strict=True))
    again = dice.choices(arriving, k=len(history) // 4)
    arriving += [(place + dice.uniform(0, 2 * len(history)), scored) for place, scored in again]
    return [scored for _, scored in sorted(arriving, key=lambda one: one[0])]


def cut(arriving: Sequence[Scored], dice: Random) -> Iterator[Sequence[Scored]]:
    """Batches of any size."""
    start = 0
    while start < len(arriving):
        end = start + dice.randint(1, 7)
        yield arriving[start:end]
        start = end


@settings(max_examples=40, deadline=None)
@given(history=histories(most=45), dice=st.randoms(use_true_random=False))
def test_order_duplicates_lateness_and_batches_within_the_log_do_not_matter(
    history: list[Scored], dice: Random
) -> None:
    size = 10
    expected = in_order(history, size)
    customer = Customer(size)
    for batch in cut(disturbed(history, late=size - 1, dice=dice), dice):
        customer.receive(*batch)
    assert customer.alerts() == expected.alerts()
    assert state_digest(customer.state) == state_digest(expected.state)


@settings(max_examples=40, deadline=None)
@given(history=histories(most=30), dice=st.randoms(use_true_random=False))
def test_no_order_at_all_matters_while_every_event_fits_in_the_log(
    history: list[Scored], dice: Random
) -> None:
    expected = in_order(history, 30)
    arriving = history + dice.choices(history, k=5)
    dice.shuffle(arriving)
    customer = Customer(30)
    for batch in cut(arriving, dice):
        customer.receive(*batch)
    assert customer.alerts() == expected.alerts()
    assert state_digest(customer.state) == state_digest(expected.state)


READ = st.sampled_from([reading("neutral"), reading("positive"), CHURN_READ, ANGRY_READ])


@settings(max_examples=60, deadline=None)
@given(history=histories(most=25), said=st.data(), dice=st.randoms(use_true_random=False))
def test_what_was_read_in_haste_counts_until_it_is_read_with_patience_and_no_longer(
    history: list[Scored], said: st.DataObject, dice: Random
) -> None:
    hurried = [
        replace(one, reading=replace(said.draw(READ), hurried=True))
        for one in history
        if one.reading
    ]
    arriving = history + hurried
    dice.shuffle(arriving)
    expected, customer = in_order(history, 30), Customer(30)
    for batch in cut(arriving, dice):
        customer.receive(*batch)
    assert customer.alerts() == expected.alerts()
    assert state_digest(customer.state) == state_digest(expected.state)
    assert customer.receive(*hurried) == []


def test_a_reading_in_haste_that_rang_is_withdrawn_and_what_it_missed_rings_once() -> None:
    calm = event("m", EventType.MESSAGE, 0, reading("neutral"))
    furious = event("m", EventType.MESSAGE, 0, reading("negative", 0.95))
    for first, then, states in (
        (_hurried(furious), calm, ["open", "withdrawn"]),
        (_hurried(calm), furious, ["open"]),
        (_hurried(furious), furious, ["open"]),
    ):
        customer = Customer()
        said = [*customer.receive(first), *customer.receive(then), *customer.receive(first, then)]
        assert [one.state for one in said] == states


def _hurried(one: Scored) -> Scored:
    assert one.reading
    return replace(one, reading=replace(one.reading, hurried=True))


@settings(max_examples=60, deadline=None)
@given(history=histories(most=20), first=st.integers(1, 20), dice=st.randoms())
def test_a_batch_that_comes_again_with_more_says_nothing_else_under_the_same_revision(
    history: list[Scored], first: int, dice: Random
) -> None:
    dice.shuffle(history)
    crashed, again = Customer(30), Customer(30)
    said = {(one.id, one.revision): one for one in crashed.receive(*history[:first])}
    for alert in again.receive(*history):
        assert said.get((alert.id, alert.revision), alert) == alert


def test_beyond_the_log_order_matters_an_older_event_counts_at_its_start() -> None:
    history = [leaving("first", 0), *(event(f"f{i}", EventType.VISIT, 100 + i) for i in range(15))]
    (true,) = in_order(history, 10).alerts().values()
    assert true.opened_at == START
    late = Customer(max_events=10)
    late.receive(*history[1:])
    (alert,) = late.receive(history[0])
    assert alert.opened_at == START + timedelta(hours=104)
    assert alert.evidence[0].quote == "Bir daha almam sizden!"
    assert alert.id != true.id
    assert late.receive(history[0]) == []


@settings(max_examples=30, deadline=None)
@given(history=histories(), ahead=st.sets(st.integers(0, 11)), lead=st.integers(0, 12))
def test_what_came_ahead_of_its_turn_changes_nothing_when_its_turn_comes(
    history: list[Scored], ahead: set[int], lead: int
) -> None:
    in_turn, with_urgent = Customer(), Customer()
    for place, scored in enumerate(history):
        in_turn.receive(scored)
        urgent = [history[i] for i in ahead if i < len(history) and place == max(0, i - lead)]
        for one in urgent:
            with_urgent.deliver([Arrival(one, 0, None)])
        with_urgent.receive(scored)
    assert with_urgent.alerts() == in_turn.alerts()
    assert state_digest(with_urgent.state) == state_digest(in_turn.state)


@settings(max_examples=30, deadline=None)
@given(history=histories(), tail=st.integers(0, 12), size=st.integers(1, 5))
def test_redelivery_publishes_nothing(history: list[Scored], tail: int, size: int) -> None:
    customer = Customer(max_events=10)
    arrivals = [Arrival(scored, 3, 100 + i) for i, scored in enumerate(history)]
    for start in range(0, len(arrivals), size):
        customer.deliver(arrivals[start : start + size])
    before = customer.encoded
    for arrival in arrivals[tail:]:
        assert customer.deliver([arrival]) == []
    assert customer.encoded == before


@settings(max_examples=25, deadline=None)
@given(history=histories(), size=st.integers(1, 12))
def test_an_event_sent_twice_counts_once_after_it_left_the_log(
    history: list[Scored], size: int
) -> None:
    customer = Customer(max_events=10)
    filler = [event(f"f{i}", EventType.VISIT, 241 + i) for i in range(10)]
    for scored in [*history, *filler]:
        customer.receive(scored)
    digest = state_digest(customer.state)
    assert customer.receive(*history) == []
    assert state_digest(customer.state) == digest


@settings(max_examples=25, deadline=None)
@given(history=histories())
def test_what_left_the_log_is_folded_as_if_it_had_stayed(history: list[Scored]) -> None:
    short, long = Customer(max_events=10), Customer(max_events=50)
    filler = [event(f"f{i}", EventType.VISIT, 241 + i) for i in range(5)]
    for scored in [*history, *filler]:
        short.receive(scored)
        long.receive(scored)
    assert short.alerts() == long.alerts()
    assert short.state.head.loads == long.state.head.loads


def test_a_customer_of_100_000_events_costs_the_same_at_every_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = 0

    def counted(*args: object, **named: object) -> object:
        nonlocal steps
        steps += 1
        return step(*args, **named)

    step = detection.step
    monkeypatch.setattr(detection, "step", counted)
    dice = Random(7)
    customer = Customer(max_events=200)
    largest = 0
    for start in range(0, 100_000, 2_500):
        visits = [event(f"v{start + i}", EventType.VISIT, start + i) for i in range(2_400)]
        before = steps
        customer.receive(*visits, *(busy(start + i, dice) for i in range(2_400, 2_500)))
        # Once when it comes, once when it leaves the log.
        assert steps - before <= 2 * 2_500
        largest = max(largest, len(customer.encoded))
    assert largest <= STATE_BOUND[200]
    before = steps
    customer.receive(busy(99_900, dice, suffix="late"))
    assert steps - before <= 200 + 2


def test_a_replay_of_a_long_history_rings_nothing() -> None:
    dice = Random(7)
    history = [busy(number, dice) for number in range(3_000)]
    customer = Customer(max_events=50)
    for start in range(0, len(history), 100):
        customer.receive(*history[start : start + 100])
        assert len(customer.encoded) <= STATE_BOUND[50]
    assert {alert.state for alert in customer.published} == {"open", "resolved"}
    for start in range(0, len(history), 500):
        assert customer.receive(*history[start : start + 500]) == []


def busy(number: int, dice: Random, suffix: str = "") -> Scored:
    """An event that leaves in the state whatever it can, under a long name of its own."""
    name = f"{number:040d}{suffix}"
    types = ["message", "call", "complaint", "ticket.resolved", "survey"]
    return event(
        name,
        EventType(dice.choice(types)),
        number,
        reading("negative", 0.95, CHURN),
        score=Score(Metric.CSAT, dice.choice([1, 5]), 1, 5),
        ticket_id=name,
        order_id=name,
        attributes={"promised_at": "2026-03-04T10:00:00Z"},
    )


DAYS = st.integers(0, 20 * DAY)


@given(loads=st.dictionaries(st.sampled_from("abc"), st.floats(0.001, 10)), first=DAYS, second=DAYS)
def test_decay_in_two_parts_equals_decay_at_once(
    loads: dict[str, float], first: int, second: int
) -> None:
    parts = decay(decay(loads, first, 7), second, 7)
    whole = decay(loads, first + second, 7)
    for rule in parts.keys() | whole.keys():
        if rule in parts and rule in whole:
            assert parts[rule] == pytest.approx(whole[rule], rel=1e-12)
        else:
            # At the very edge of what is forgotten, rounding may put a load on either side.
            assert max(parts.get(rule, 0), whole.get(rule, 0)) <= NEGLIGIBLE * (1 + 1e-12)
