"""What counts as leaving: the truth that risk is measured against."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType, Trait, types_with
from pipeline.model.reading import Scored
from pipeline.risk.leaving import Departure, departures, is_gone, leaves_within
from tests.support.customers import START, Customer, event

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
    "reason",
    [
        *("numara taşıma", "Memnuniyetsizlik", "başka operatöre geçiş", "too expensive", ""),
        *("rakip pakete ilgi", "found a better plan elsewhere", "not renewed", "paket pahalı"),
    ],
)
def test_a_reason_of_discontent_is_leaving(reason: str) -> None:
    assert departures([ended(1, reason=reason)])


@pytest.mark.parametrize(
    "reason",
    [
        *("Tarife değişikliği", "PAKET DEGISIKLIGI nedeniyle", "plan_change", "Borcundan dolayı"),
        *("upgraded to Fiber 1000", "mükerrer kayıt", "Müşteri vefatı", "non-payment"),
        *("üst pakete geçiş", "Tarifesini değiştirdi", "moved to a bigger plan", "Hat devri"),
        *("Fatura ödenmedi", "payment_failed", "unvan değişikliği", "Taahhüt yenileme"),
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


def test_a_product_that_another_replaced_is_no_longer_held() -> None:
    changed = ended(2, product="Fiber 50", reason="paket yükseltme")
    history = [begun(0, product="Fiber 50"), changed, begun(3, product="Fiber 100")]
    assert departures(history) == ()
    assert len(departures([*history, ended(90, product="Fiber 100")])) == 1


@given(st.data())
def test_detection_rings_where_the_customer_leaves_and_only_there(data: st.DataObject) -> None:
    """Over what is known at the moment: nobody is back within seven days here."""
    product, reason = st.sampled_from(["", "TV"]), st.sampled_from(["", "plan_change", "pahalı"])
    history: list[Scored] = []
    for number in range(data.draw(st.integers(1, 8))):
        fields: dict[str, Any] = {"product": data.draw(product), "author_type": AuthorType.SYSTEM}
        if data.draw(st.booleans()):
            history.append(begun(10 * number, **fields))
        else:
            type_ = data.draw(st.sampled_from([*types_with(Trait.LEAVES)]))
            history.append(ended(10 * number, type_, reason=data.draw(reason), **fields))
    customer = Customer()
    customer.receive(*history)
    left = [one for one in customer.alerts().values() if one.cause == "customer_left"]
    found = departures(history)
    assert sorted(one.opened_at for one in left) == [one.at for one in found]
    assert [one.closed_at for one in sorted(left, key=lambda one: one.opened_at)] == [
        one.back for one in found
    ]


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
