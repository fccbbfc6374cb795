"""What counts as leaving: the truth that risk is measured against."""

from datetime import timedelta

import pytest

from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.risk.leaving import Departure, departures, is_gone, leaves_within
from tests.support.customers import START, event

DAY = timedelta(days=1)


def ended(
    day: float, type_: EventType = EventType.SUBSCRIPTION_CANCELLED, **more: object
) -> Scored:
    reason = more.pop("reason", None)
    attributes = {"reason": reason} if reason else {}
    return event(f"end{day}", type_, 24 * day, attributes=attributes, **more)


def begun(day: float, **more: object) -> Scored:
    return event(f"begin{day}", EventType.SUBSCRIPTION_RENEWED, 24 * day, **more)


@pytest.mark.parametrize("author", [AuthorType.CUSTOMER, AuthorType.SYSTEM, AuthorType.AGENT])
@pytest.mark.parametrize("type_", [EventType.SUBSCRIPTION_CANCELLED, EventType.ACCOUNT_CLOSED])
def test_leaving_is_leaving_whoever_records_it(author: AuthorType, type_: EventType) -> None:
    assert departures([ended(3, type_, author_type=author)]) == (Departure(START + 3 * DAY),)


@pytest.mark.parametrize(
    "reason", ["numara taşıma", "Memnuniyetsizlik", "başka operatöre geçiş", "too expensive", ""]
)
def test_a_reason_of_discontent_is_leaving(reason: str) -> None:
    assert departures([ended(1, reason=reason)])


@pytest.mark.parametrize(
    "reason",
    [
        *("Tarife değişikliği", "PAKET DEGISIKLIGI nedeniyle", "plan_change", "Borcundan dolayı"),
        *("upgraded to Fiber 1000", "mükerrer kayıt", "Müşteri vefatı", "non-payment"),
    ],
)
def test_other_terms_and_what_the_company_ended_are_no_leaving(reason: str) -> None:
    assert departures([ended(1, reason=reason)]) == ()


def test_a_number_that_is_ported_is_leaving_also_where_the_system_books_it() -> None:
    ported = ended(1, author_type=AuthorType.SYSTEM, reason="numara taşıma")
    assert len(departures([ported])) == 1


def test_what_ends_on_the_way_out_is_one_departure() -> None:
    account = ended(4, EventType.ACCOUNT_CLOSED)
    assert departures([ended(1), ended(2), account]) == (Departure(START + DAY),)


def test_a_subscription_that_follows_at_once_takes_it_back_a_later_one_is_a_return() -> None:
    assert departures([ended(1), begun(3)]) == ()
    assert departures([ended(1), begun(30)]) == (Departure(START + DAY, START + 30 * DAY),)
    again = departures([ended(1), begun(30), ended(50)])
    assert [one.at for one in again] == [START + DAY, START + 50 * DAY]


def test_who_ends_one_of_two_subscriptions_stays_until_the_other_ends() -> None:
    two = [begun(0, product="Fiber"), begun(1, product="TV")]
    assert departures([*two, ended(2, product="TV")]) == ()
    assert len(departures([*two, ended(2, product="TV"), ended(3, product="Fiber")])) == 1
    assert len(departures([*two, ended(2, EventType.ACCOUNT_CLOSED)])) == 1


def test_what_is_not_counted_is_no_leaving() -> None:
    assert departures([uncounted(ended(1))]) == ()


def uncounted(scored: Scored) -> Scored:
    return Scored(scored.event, scored.reading, scored.received_at, counted=False)


def test_a_customer_is_gone_from_leaving_to_coming_back() -> None:
    left = [Departure(START + DAY, START + 10 * DAY)]
    there = [is_gone(START + days * DAY, left) for days in (0, 1, 9, 10)]
    assert there == [False, True, True, False]
    within = [leaves_within(START + days * DAY, 5 * DAY, left) for days in (-5, -4, 0, 1, 2)]
    assert within == [False, True, True, False, False]
