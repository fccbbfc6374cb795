"""What is true of the simulated company, and that its events say the same, exactly."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.decode import encode_event
from pipeline.model.event import AuthorType, Event
from pipeline.model.event_types import EventType as T
from pipeline.sources.simulate import Truth, live, plan, simulate, simulate_with_truth
from pipeline.sources.simulate.company import company
from pipeline.sources.simulate.habits import HABITS
from pipeline.sources.simulate.journey import CONTENT, Journey
from pipeline.sources.simulate.stories import STORIES, chat

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS, CUSTOMERS = 8, 800
END = START + timedelta(weeks=WEEKS)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

seeds = st.integers(0, 10_000)
few = settings(max_examples=15, deadline=None)


@pytest.fixture(scope="module")
def span() -> tuple[list[Event], list[Truth]]:
    return simulate_with_truth(7, START, CUSTOMERS, days=7.0 * WEEKS)


def of_kind(truths: list[Truth], kind: str) -> list[Truth]:
    return [truth for truth in truths if truth.kind == kind]


def by_customer(events: list[Event]) -> dict[str, list[Event]]:
    mine = defaultdict(list)
    for event in events:
        mine[event.customer_id].append(event)
    return mine


def journey(seed: int, at: datetime = START + 9 * HOUR) -> Journey:
    customer = plan(seed, START, customers=20).customers[seed % 20]
    return Journey("j", customer, "destek", at, CONTENT, 1.0, Random(seed))


def test_the_truth_is_that_of_the_same_events_and_the_same_each_time(
    span: tuple[list[Event], list[Truth]],
) -> None:
    assert simulate_with_truth(7, START, CUSTOMERS, days=7.0 * WEEKS) == span
    assert list(simulate(7, START, CUSTOMERS, days=7.0 * WEEKS)) == span[0]
    assert simulate_with_truth(8, START, 50)[1] != simulate_with_truth(7, START, 50)[1]


def test_the_truth_tells_only_what_can_be_known_before_the_span_ends(
    span: tuple[list[Event], list[Truth]],
) -> None:
    customers = {event.customer_id for event in span[0]}
    assert all(truth.at < END and truth.at <= truth.until for truth in span[1])
    assert {truth.customer_id for truth in span[1]} <= customers


def test_no_event_gives_its_truth_away(span: tuple[list[Event], list[Truth]]) -> None:
    names = {t.kind.encode() for t in span[1] if "_" in t.kind} | {b"truth", b"expects"}
    names |= {name.encode() for name in (*company().stories, *company().habits) if "_" in name}
    written = b"\n".join(map(encode_event, span[0]))
    assert not {name for name in names if name in written}


@few
@given(seeds)
def test_a_chat_that_goes_wrong_can_be_known_by_its_seventh_turn(seed: int) -> None:
    j = journey(seed)
    chat(j)
    (truth,) = [t for t in j.truths() if t.kind.startswith("chat_")]
    turns = [event for event in j.events if event.type is T.MESSAGE]
    if truth.kind == "chat_wrong":
        assert truth.at in [turn.occurred_at for turn in turns[1:7]]
        assert turns[-1].occurred_at <= truth.until
    else:
        assert truth.at == turns[0].occurred_at
    assert {turn.author_type for turn in turns} >= {AuthorType.CUSTOMER}


def test_a_friendly_chat_may_have_nine_turns_and_more(
    span: tuple[list[Event], list[Truth]],
) -> None:
    mine, lengths = by_customer(span[0]), []
    for truth in of_kind(span[1], "chat_friendly"):
        lengths.append(
            sum(
                truth.at <= event.occurred_at <= truth.until and event.type is T.MESSAGE
                for event in mine[truth.customer_id]
            )
        )
    assert max(lengths) >= 9
    assert min(lengths) >= 5


def test_stories_happen_as_often_as_the_company_says(
    span: tuple[list[Event], list[Truth]],
) -> None:
    kinds = Counter(truth.kind for truth in span[1])
    told = {
        "chat": kinds["chat_wrong"] + kinds["chat_friendly"] + kinds["chat_recovers"],
        "endangered": kinds["endangered"],
        "figure_of_speech": kinds["figure_of_speech"],
    }
    grieved = len(of_kind(span[1], "leaves_with_signs")) + len(of_kind(span[1], "stays"))
    for name, n in told.items():
        expected = company().stories[name] * CUSTOMERS * WEEKS
        assert expected - 1 <= n <= expected + 1 + (grieved if name == "chat" else 0)


def usage(events: list[Event]) -> dict[datetime, float]:
    return {e.occurred_at: float(e.attributes["gb"] or 0) for e in events if e.type is T.USAGE}


def between(used: dict[datetime, float], start: datetime, end: datetime) -> float:
    return mean([gb for at, gb in used.items() if start <= at < end] or [0.0])


def test_fading_customers_use_half_within_ten_days_and_quiet_ones_nothing(
    span: tuple[list[Event], list[Truth]],
) -> None:
    mine = by_customer(span[0])
    fading = of_kind(span[1], "usage_fading")
    assert len(fading) >= 5
    shares = []
    for truth in fading:
        used = usage(mine[truth.customer_id])
        usual = between(used, truth.at - 21 * DAY, truth.at)
        shares.append(between(used, truth.at + 9 * DAY, truth.at + 12 * DAY) / usual)
    assert mean(shares) < 0.5
    for truth in of_kind(span[1], "usage_quiet"):
        used = usage(mine[truth.customer_id])
        assert between(used, START, truth.at) > 0
        assert between(used, truth.at, END) == 0


def test_steady_customers_use_in_the_last_weeks_what_they_did_in_the_first(
    span: tuple[list[Event], list[Truth]],
) -> None:
    mine, shares = by_customer(span[0]), []
    for truth in of_kind(span[1], "usage_steady"):
        used = usage(mine[truth.customer_id])
        assert len(used) == 7 * WEEKS
        shares.append(between(used, END - 21 * DAY, END) / between(used, START, START + 21 * DAY))
    assert mean(shares) == pytest.approx(1, abs=0.05)
    assert all(0.75 < share < 1.35 for share in shares)


@pytest.mark.parametrize(
    ("kind", "type_"), [("visits_lapsed", T.VISIT), ("orders_lapsed", T.ORDER_PLACED)]
)
def test_lapsed_customers_do_not_come_back(
    span: tuple[list[Event], list[Truth]], kind: str, type_: T
) -> None:
    mine = by_customer(span[0])
    assert of_kind(span[1], kind)
    for truth in of_kind(span[1], kind):
        times = [e.occurred_at for e in mine[truth.customer_id] if e.type is type_]
        assert len(times) >= 4
        assert max(times) < truth.at


def test_who_leaves_cancels_then_and_is_not_heard_of_again(
    span: tuple[list[Event], list[Truth]],
) -> None:
    mine = by_customer(span[0])
    habitual = {c.id: kind for kind, c in plan(7, START, CUSTOMERS).habitual}
    leavers = [t for t in of_kind(span[1], "left") if t.customer_id in habitual]
    assert {habitual[t.customer_id] for t in leavers} == {
        "leaves_with_signs",
        "leaves_without_sign",
    }
    for truth in leavers:
        last = mine[truth.customer_id][-1]
        assert (last.type, last.occurred_at) == (T.SUBSCRIPTION_CANCELLED, truth.at)
    signs = {t.customer_id: t for t in of_kind(span[1], "leaves_with_signs")}
    assert all(t.until - t.at >= 10 * DAY for t in signs.values())
    for truth in of_kind(span[1], "stays"):
        types = [event.type for event in mine[truth.customer_id]]
        assert T.SUBSCRIPTION_RENEWED in types
        assert T.SUBSCRIPTION_CANCELLED not in types


def test_in_a_short_span_habits_are_kept() -> None:
    events, truths = simulate_with_truth(3, START, 400, days=1.0)
    assert T.USAGE in {event.type for event in events}
    changed = {"usage_fading", "usage_quiet", "visits_lapsed", "orders_lapsed", "leaves_with_signs"}
    assert not changed & {truth.kind for truth in truths}


def test_live_orders_are_promised_for_the_days_after_they_are_placed() -> None:
    promised = [e for _, e in islice(live(7, START, 20, 100), 5_000) if e.type is T.ORDER_PROMISED]
    assert promised
    for event in promised:
        ahead = datetime.fromisoformat(str(event.attributes["promised_at"])) - event.occurred_at
        assert timedelta() < ahead <= 36 * HOUR


def test_every_story_and_habit_of_the_company_can_be_played() -> None:
    assert company().stories.keys() == STORIES.keys()
    assert company().habits.keys() == HABITS.keys()
