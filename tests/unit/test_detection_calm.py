"""What relieves a customer's risk: ordinary life, and neither silence nor records of systems."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.epoch_micros import to_micros
from pipeline.detection.customer import risk_at
from pipeline.detection.entry import entry_of
from pipeline.detection.fold import Fold
from pipeline.detection.step import step
from pipeline.model.event import AuthorType, Metric, Score
from pipeline.model.event_types import EventType, Trait, types_with
from pipeline.model.reading import Scored
from tests.support.customers import (
    RULES,
    SETTINGS,
    START,
    Customer,
    csat,
    event,
    histories,
    leaving,
    reading,
)

DAY = 24
BY_SYSTEMS = sorted(
    frozenset(EventType)
    # Who has left is at no risk of leaving.
    - types_with(Trait.OWN | Trait.RESOLVES | Trait.SETBACK | Trait.LEAVES)
    - {EventType.OUTAGE_ENDED}  # relieves of its outage by a rule of its own
)


def risk_of(customer: Customer) -> float:
    return risk_at(customer.state, START, SETTINGS)[0]


def left_alone(*events: Scored) -> float:
    """The risk of who said that they leave, and what came then."""
    customer = Customer()
    customer.receive(leaving("e", 0), *events)
    return risk_of(customer)


THREAT = left_alone()


@given(
    history=histories(),
    noise=st.lists(st.tuples(st.sampled_from(BY_SYSTEMS), st.floats(0, 400 * DAY)), max_size=8),
)
def test_time_and_records_of_systems_never_lower_the_risk(
    history: list[Scored], noise: list[tuple[EventType, float]]
) -> None:
    customer = Customer()
    customer.receive(*history)
    before = risk_of(customer)
    for number, (type_, later) in enumerate(noise):
        author = AuthorType.SYSTEM
        customer.receive(event(f"n{number}", type_, 241 + later, author_type=author))
        assert risk_of(customer) >= before
        before = risk_of(customer)


@pytest.mark.parametrize(
    "ordinary",
    [
        event("o", EventType.VISIT, 7 * DAY),
        event("o", EventType.USAGE, 7 * DAY, author_type=AuthorType.SYSTEM, attributes={"gb": 3.1}),
        event("o", EventType.ORDER_PLACED, 7 * DAY),
        event("o", EventType.SUBSCRIPTION_RENEWED, 7 * DAY),
        event("o", EventType.MESSAGE, 7 * DAY, reading("positive")),
        csat("o", 7 * DAY, 5),
    ],
    ids=lambda scored: scored.event.type,
)
def test_ordinary_life_relieves_half_in_a_half_life(ordinary: Scored) -> None:
    assert 1 - left_alone(ordinary) == pytest.approx((1 - THREAT) ** 0.5)


@pytest.mark.parametrize(
    "other",
    [
        event("o", EventType.USAGE, 7 * DAY, author_type=AuthorType.SYSTEM, attributes={"gb": 0.0}),
        event("o", EventType.SUBSCRIPTION_RENEWED, 7 * DAY, author_type=AuthorType.SYSTEM),
        event("o", EventType.ORDER_RETURNED, 7 * DAY),
        event("o", EventType.SELF_SERVICE_ABANDONED, 7 * DAY),
        event("o", EventType.MESSAGE, 7 * DAY, reading("positive"), author_type=AuthorType.AGENT),
        event("o", EventType.REVIEW, 7 * DAY, score=Score(Metric.RATING, 2, 1, 5)),
        event("o", EventType.OFFER_SHOWN, 7 * DAY),
        event("o", EventType.SURVEY_SENT, 7 * DAY),
    ],
    ids=lambda scored: scored.event.type,
)
def test_trouble_nothing_used_and_what_others_do_relieve_of_nothing(other: Scored) -> None:
    assert left_alone(other) == pytest.approx(THREAT)


def test_a_record_of_a_system_does_not_take_from_the_calm_before_a_visit() -> None:
    visit = event("v", EventType.VISIT, 7 * DAY)
    record = event("r", EventType.SURVEY_SENT, 7 * DAY - 1, author_type=AuthorType.SYSTEM)
    assert left_alone(record, visit) == left_alone(visit)


def test_time_that_ends_in_trouble_was_no_calm() -> None:
    again, visit = leaving("a", 7 * DAY), event("v", EventType.VISIT, 8 * DAY)
    customer = Customer()
    customer.receive(leaving("e", 0), again)
    loads = customer.state.head.loads
    customer.receive(visit)
    assert customer.state.head.loads == pytest.approx(
        {rule: load * 0.5 ** (1 / 7) for rule, load in loads.items()}
    )


def used(day: int, gb: float) -> Scored:
    attributes = {"gb": gb, "plan": "gold", "roaming": False}
    author = AuthorType.SYSTEM
    return event(f"u{day}", EventType.USAGE, day * DAY, author_type=author, attributes=attributes)


def test_usage_that_fades_relieves_no_longer_and_usage_as_ever_does() -> None:
    usual = [used(day, 3.0 + day % 3 / 10) for day in range(40)]
    fading, steady = ([used(day, gb) for day in range(40, 70)] for gb in (0.5, 3.0))
    threat = leaving("e", 50 * DAY + 1)
    faded, stayed = Customer(100), Customer(100)
    faded.receive(*usual, *fading[:11], threat)
    stayed.receive(*usual, *steady[:11], threat)
    before = risk_of(faded)
    faded.receive(*fading[11:])
    stayed.receive(*steady[11:])
    assert risk_of(faded) == before
    assert risk_of(stayed) < before / 2


def test_a_state_of_the_version_before_counts_calm_from_its_last_event() -> None:
    earlier = Fold(to_micros(START), {"churn_intent": 0.8}, {"churn_intent": ()})
    visit = entry_of(event("v", EventType.VISIT, 7 * DAY))
    assert step(earlier, visit, RULES, SETTINGS).loads == pytest.approx({"churn_intent": 0.4})
