"""The simulated company: the same seed gives the same, valid, ordered events, and a known truth."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random
from statistics import mean

import msgspec
import pytest

from pipeline.ingest.decode import decode_event, encode_event
from pipeline.ingest.privacy import is_card_number, is_iban, is_turkish_id, redact
from pipeline.model.event import AuthorType, Event, Metric
from pipeline.model.event_types import EventType
from pipeline.sources.simulate import Incident, live, plan, simulate
from pipeline.sources.simulate.company import Aside, company, texts
from pipeline.sources.simulate.journeys import JOURNEYS
from pipeline.sources.simulate.personal import card, iban, turkish_id

START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def week() -> list[Event]:
    return list(simulate(7, START, customers=1_000))


def incident(kind: str) -> Incident:
    return next(i for i in plan(7, START, customers=1_000).incidents if i.kind == kind)


def test_the_same_seed_gives_the_same_events_and_another_others(week: list[Event]) -> None:
    assert list(simulate(7, START, customers=1_000)) == week
    assert list(islice(simulate(8, START, customers=1_000), 100)) != week[:100]


def test_every_event_is_valid_and_happens_in_order_within_the_span(week: list[Event]) -> None:
    end = START + timedelta(days=7)
    for event in week:
        assert decode_event(encode_event(event), event.customer_id.encode(), now=end) == event
    assert all(a.occurred_at <= b.occurred_at for a, b in pairwise(week))
    assert START <= week[0].occurred_at <= week[-1].occurred_at < end
    assert len({event.event_id for event in week}) == len(week)


def test_every_type_and_channel_of_the_company_occurs(week: list[Event]) -> None:
    assert {event.type for event in week} == set(EventType)
    firm = company()
    weighted = (firm.contact_channels, firm.browse_channels, firm.public_channels)
    assert {event.channel for event in week} >= {name for group in weighted for name in group}


def test_an_added_aside_changes_no_other_event(
    week: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    def others(events: list[Event]) -> list[tuple[object, ...]]:
        return [(e.occurred_at, e.customer_id, e.type) for e in events if e.channel != "new"]

    added = Aside(0.001, (EventType.VISIT,), channel="new", source="new", touchpoint="new")
    more = msgspec.structs.replace(company(), asides=(added, *company().asides))
    monkeypatch.setattr("pipeline.sources.simulate.asides.company", lambda: more)
    with_it = list(simulate(7, START, customers=1_000))
    assert len(with_it) > len(week)
    assert others(with_it) == others(week)


def test_an_outage_strikes_exactly_whom_the_plan_says_when_it_says(week: list[Event]) -> None:
    outage = incident("outage")
    begun = {e.customer_id: e.occurred_at for e in week if e.type is EventType.OUTAGE_STARTED}
    assert set(begun) == set(outage.customer_ids)
    assert all(outage.start - timedelta(seconds=1) <= at <= outage.end for at in begun.values())
    ended = {e.customer_id: e.occurred_at for e in week if e.type is EventType.OUTAGE_ENDED}
    assert set(ended) == set(begun)
    assert min(ended.values()) >= outage.end


def test_what_is_ordered_in_the_late_delivery_comes_after_it(week: list[Event]) -> None:
    late = incident("late_delivery")
    orders = {
        e.order_id: e.occurred_at
        for e in week
        if e.type is EventType.ORDER_DELIVERED and e.customer_id in late.customer_ids
        and e.attributes["late"] and e.occurred_at >= late.end
    }  # fmt: skip
    placed = {
        e.customer_id
        for e in week
        if e.type is EventType.ORDER_PLACED and e.order_id in orders
        and late.start - timedelta(seconds=1) <= e.occurred_at <= late.end
    }  # fmt: skip
    assert placed == set(late.customer_ids)


@pytest.mark.parametrize("kind", ["outage", "late_delivery"])
def test_struck_customers_contact_more_and_rate_lower(week: list[Event], kind: str) -> None:
    truth = incident(kind)
    struck = set(truth.customer_ids)
    during = [e for e in week if truth.start <= e.occurred_at < truth.end]
    contacts = [e.customer_id for e in during if e.type in (EventType.CALL, EventType.MESSAGE)]
    share = sum(customer in struck for customer in contacts) / len(contacts)
    assert share > 2 * len(struck) / 1_000
    rated = [
        (e.customer_id in struck, e.score.value)
        for e in week
        if e.occurred_at >= truth.start and e.score and e.score.metric is Metric.CSAT
    ]
    low, high = (mean(v for hit, v in rated if hit is wanted) for wanted in (True, False))
    assert low < high - 0.3


def test_most_texts_are_turkish_and_some_hold_personal_data(week: list[Event]) -> None:
    words = [e.text for e in week if e.text and e.author_type is AuthorType.CUSTOMER]
    assert sum(redact(text) != text for text in words) >= 10
    assert len(set(words)) > len(words) * 0.7


def test_more_happens_by_day_than_by_night() -> None:
    hours = [e.occurred_at.hour for e in simulate(1, START, customers=1_000)]
    by_night, by_day = (sum(h in span for h in hours) for span in (range(2, 5), range(11, 14)))
    assert by_day > 2 * by_night


def test_a_short_span_is_a_whole_week_played_faster() -> None:
    hour = list(simulate(3, START, customers=300, days=1 / 24))
    assert hour[-1].occurred_at < START + timedelta(hours=1)
    assert {EventType.OUTAGE_ENDED, EventType.ORDER_DELIVERED} <= {e.type for e in hour}


def test_live_goes_on_past_a_week_at_the_rate_without_repeating_an_id() -> None:
    week = len(list(simulate(7, START, customers=50)))
    due, events = zip(*islice(live(7, START, rate=20, customers=50), 5 * week), strict=True)
    assert [event.occurred_at for event in events] == list(due)
    assert all(a < b for a, b in pairwise(due))
    assert (due[-1] - START).total_seconds() == pytest.approx(5 * week / 20, rel=0.15)
    assert len({event.event_id for event in events}) == len(events)
    later = islice(live(7, START + timedelta(seconds=1), rate=20, customers=50), 100)
    assert not {e.event_id for _, e in later} & {e.event_id for e in events}


@pytest.mark.parametrize(
    ("make", "is_valid"),
    [(turkish_id, is_turkish_id), (iban, is_iban), (card, is_card_number)],
)
def test_made_up_numbers_have_valid_check_digits(
    make: Callable[[Random], str], is_valid: Callable[[str], bool]
) -> None:
    rng = Random(1)
    assert all(is_valid(make(rng).replace(" ", "")) for _ in range(200))


def test_both_languages_have_words_for_everything() -> None:
    tr, en = texts().tr, texts().en
    assert {theme: set(moods) for theme, moods in tr.themes.items()} == {
        theme: set(moods) for theme, moods in en.themes.items()
    }
    for brand in company().brands:
        assert brand.themes.keys() <= tr.themes.keys()
        assert brand.journeys.keys() <= JOURNEYS.keys()
