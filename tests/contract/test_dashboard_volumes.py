"""What comes in, how it is answered and judged: counted again from the events in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest

from pipeline.common import names
from pipeline.kpi.definitions import KPIS
from pipeline.kpi.estimates import Estimate, ratio, share
from pipeline.kpi.formulas import Spread
from pipeline.model.event import AuthorType, Event, Metric
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from tests.contract.conftest import ON_CHDB
from tests.contract.counted import FEWEST, TITLES, contacts, moment, texts, within
from tests.contract.stored import WINDOW, scored
from tests.support.dashboards import statement
from tests.support.simulated_day import DAY, days

HOURS = 5
"""Of an interval: the last one of the day does not end with it."""
SECONDS = HOURS * 3_600
ENOUGH = 5
UNFINISHED = "Unfinished interval"


def events(*types: EventType) -> list[Event]:
    """The events of the day of these types."""
    return [one.event for one in days().scored if within(one) and one.event.type in types]


def interval_of(at: datetime) -> datetime:
    """When the interval began: it is counted from a midnight in Istanbul."""
    midnight = datetime(1970, 1, 1, tzinfo=DAY.start.tzinfo) - timedelta(hours=3)
    return midnight + (at - midnight) // timedelta(hours=HOURS) * timedelta(hours=HOURS)


def has_ended(interval: datetime) -> bool:
    return interval + timedelta(hours=HOURS) <= DAY.end


called = partial(names.shown, language="en")


def counted_by(of: Iterable[Event], series: str) -> Counter[tuple[datetime, str]]:
    """How many events are in each bar, and what the part of the bar is called."""
    bars = ((interval_of(event.occurred_at), event) for event in of)
    return Counter(
        (interval, called(series, getattr(event, series)) if has_ended(interval) else UNFINISHED)
        for interval, event in bars
    )


def bars(rows: Sequence[tuple[datetime | str, str, int]]) -> Mapping[tuple[datetime, str], int]:
    return {(moment(at), series): times for at, series, times in rows}


def by_customers(of: Iterable[Event]) -> dict[str, set[str]]:
    """Who uses each channel."""
    who = defaultdict(set)
    for event in of:
        who[event.channel].add(event.customer_id)
    return who


def ends(estimate: Estimate) -> str:
    return f"{round(estimate.ci_low, 1):g} – {round(estimate.ci_high, 1):g}"  # type: ignore[arg-type]


def test_complaints_are_counted_per_order(company: Backend) -> None:
    complaints, orders = len(events(EventType.COMPLAINT)), len(events(EventType.ORDER_PLACED))
    ((value, note, colour),) = statement("now", "Complaints per 100 orders").asked(company, DAY)
    expected = ratio(complaints, orders)
    assert value == pytest.approx(expected.value)
    assert KPIS["complaint_rate"].target
    goal = KPIS["complaint_rate"].target.value
    assert note == f"{ends(expected)} · n {orders} · target {goal:g} · complaints: {complaints}"
    assert colour == "red"


def test_too_few_orders_are_no_share_but_the_complaints_are_told(company: Backend) -> None:
    orders = len(events(EventType.ORDER_PLACED))
    enough = {"enough": [str(orders + 1)]}
    ((value, note, colour),) = statement("now", "Complaints per 100 orders").asked(
        company, DAY, enough
    )
    complaints = len(events(EventType.COMPLAINT))
    assert (value, colour) == (None, "text")
    assert note == f"n {orders} < {orders + 1} · complaints: {complaints}"


@ON_CHDB
def test_more_complaints_than_orders_have_an_interval_too(store: Store) -> None:
    kinds = ["complaint"] * 30 + ["order.placed"] * 20
    events = [scored(f"e{n}", at=n, type=kind) for n, kind in enumerate(kinds)]
    store.write_events(events)
    panel = statement("now", "Complaints per 100 orders")
    ((value, note, colour),) = panel.asked(store._backend, WINDOW, {"enough": ["1"]})
    assert (value, colour) == (150, "red")
    assert note == f"{ends(ratio(30, 20))} · n 20 · target 5 · complaints: 30"


def test_complaints_stand_in_the_bar_of_their_touchpoint(company: Backend) -> None:
    rows = statement("now", "Complaints by touchpoint").asked(company, DAY, interval_s=SECONDS)
    assert bars(rows) == counted_by(events(EventType.COMPLAINT), "touchpoint")


def test_contacts_stand_in_the_bar_of_their_channel(company: Backend) -> None:
    found = contacts(filter(within, days().scored))
    crowds = {channel for channel, who in by_customers(found).items() if len(who) >= FEWEST}
    rows = statement("agents", "Contacts by channel").asked(company, DAY, interval_s=SECONDS)
    of_crowds = [one for one in found if one.channel in crowds]
    assert bars(rows) == counted_by(of_crowds, "channel")
    assert {series for _, series, _ in rows} >= {"Phone", "Chat", UNFINISHED}


def test_a_trend_shows_each_interval_with_its_own(company: Backend) -> None:
    answers: dict[datetime, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for one in days().scored:
        if within(one) and one.event.score and one.event.score.metric is Metric.CSAT:
            of_customers = answers[interval_of(one.event.occurred_at)]
            of_customers[one.event.customer_id].append(one.event.score.value >= 4)
    rows = statement("now", "CSAT over time").asked(
        company, DAY, {"enough": ["1"]}, interval_s=SECONDS
    )
    assert {moment(row[0]) for row in rows if row[1:] != (None,) * 4} == answers.keys()
    for at, *shown in rows:
        own = [(sum(given), len(given)) for given in answers[moment(at)].values()]
        sums = (sum(y * y for y, _ in own), sum(y * m for y, m in own), sum(m * m for _, m in own))
        satisfied, n = (sum(counts) for counts in zip(*own, strict=True))
        expected = share(satisfied, n, Spread(len(own), *sums))
        whole = (expected.value, expected.ci_low, expected.ci_high, None)
        ended = has_ended(moment(at))
        assert shown == pytest.approx(whole if ended else (None, None, None, expected.value))
    assert rows[-1][4] is not None


def test_waits_in_the_line_are_those_that_the_source_tells(company: Backend) -> None:
    waits: dict[datetime, list[int]] = defaultdict(list)
    for event in events(EventType.CALL):
        if (seconds := event.attributes.get("waited_s")) is not None:
            waits[interval_of(event.occurred_at)].append(int(str(seconds)))
    rows = statement("agents", "Waiting in the line").asked(company, DAY, interval_s=SECONDS)
    assert [moment(row[0]) for row in rows] == sorted(waits)
    for at, *shown in rows:
        median, most = np.quantile(waits[moment(at)], [0.5, 0.9])
        ended = has_ended(moment(at))
        assert shown == pytest.approx((median, most, None) if ended else (None, None, median))


@ON_CHDB
def test_a_wait_in_the_line_has_the_name_that_call_systems_write_or_that_of_older_versions(
    store: Store,
) -> None:
    said: list[dict[str, object]] = [
        {"waited_s": 10},
        {"wait_seconds": 20},
        {"waited_s": 30, "wait_seconds": 99},
        {"waited_s": None, "wait_seconds": 40},
        {"waited_s": "50"},
        {"duration_s": 99},
        {"direction": "out", "waited_s": 99},
    ]
    calls = [
        scored(f"e{who}", customer_id=f"c{who}", type="call", channel="call", attributes=attributes)
        for who, attributes in enumerate(said)
    ]
    store.write_events(calls)
    panel = statement("agents", "Waiting in the line")
    ((_, median, p90, _),) = panel.asked(store._backend, WINDOW, {"enough": ["5"]})
    assert (median, p90) == (30, 46)


def test_first_responses_by_channel_are_those_of_the_store(company: Backend) -> None:
    values = {
        called("channel", one.slice["channel"]): one
        for one in Store(company).kpis(DAY, ["channel"], DAY.end + timedelta(days=9))
        if one.kpi == "first_response_median" and one.n
    }
    rows = statement("agents", "First response by channel").asked(company, DAY)
    assert {row[0]: row[1] + row[2] for row in rows} == {
        name: one.n for name, one in values.items()
    }
    assert [row[3] for row in rows] == pytest.approx([values[row[0]].value for row in rows])


def test_replies_by_channel_are_of_agents_and_bots(company: Backend) -> None:
    steps = events(EventType.TICKET_REPLIED, EventType.TICKET_REOPENED)
    who = by_customers(steps)
    counts = Counter((one.channel, one.type, one.author_type) for one in steps)
    rows = statement("agents", "Replies by agents and bots").asked(company, DAY)
    titles = {called("channel", name): name for name, some in who.items() if len(some) >= FEWEST}
    assert {row[0] for row in rows} == titles.keys()
    for title, customers, agents, bots, share_of_bots, reopened in rows:
        channel = titles[title]
        assert customers == len(who[channel])
        assert agents == counts[channel, EventType.TICKET_REPLIED, AuthorType.AGENT]
        assert bots == counts[channel, EventType.TICKET_REPLIED, AuthorType.BOT]
        assert share_of_bots == pytest.approx(100 * bots / (agents + bots))
        assert reopened == sum(
            times
            for (where, kind, _), times in counts.items()
            if (where, kind) == (channel, EventType.TICKET_REOPENED)
        )


def test_reasons_of_calls_are_the_topics_of_their_words(company: Backend) -> None:
    calls = [one for one in texts() if one.event.type is EventType.CALL]
    of_topic: dict[str, list[Scored]] = defaultdict(list)
    for one in calls:
        for name in {topic.name for topic in one.reading.topics}:  # type: ignore[union-attr]
            of_topic[name].append(one)
    people = {name: {o.event.customer_id for o in some} for name, some in of_topic.items()}
    rows = statement("agents", "Why customers call").asked(company, DAY)
    assert {row[0]: row[1:3] for row in rows} == {
        TITLES[name]: (len(some), len(people[name]))
        for name, some in of_topic.items()
        if len(people[name]) >= FEWEST
    }
    for _, times, _, part in rows:
        assert part == pytest.approx(100 * times / len(calls))


def visits(channel: str, customers: int) -> list[Scored]:
    """Each customer calls, and opens three tickets that are answered."""
    steps = (
        {"type": "call", "text": "Kargo gelmedi", "label": "negative"},
        {"type": "ticket.opened"},
        {"type": "ticket.replied", "author_type": "agent"},
    )
    return [
        scored(
            f"{channel}-{who}-{time}-{step}",
            at=600 * time + 60 * step,
            customer_id=f"{channel}-{who}",
            channel=channel,
            ticket_id=f"{channel}-{who}-{time}",
            attributes={"waited_s": 30} if step == 0 else {},
            **fields,
        )
        for who in range(customers)
        for time in range(3)
        for step, fields in enumerate(steps)
    ]


@ON_CHDB
@pytest.mark.parametrize(
    "title",
    [
        "Contacts by channel",
        "First response by channel",
        "Replies by agents and bots",
        "Waiting in the line",
        "Why customers call",
    ],
)
def test_four_people_are_no_group_however_often_they_come(store: Store, title: str) -> None:
    store.write_events([*visits("few", FEWEST - 1), *visits("some", FEWEST)])
    panel = statement("agents", title)

    def figures(channel: str) -> list[object]:
        rows = panel.asked(store._backend, WINDOW, {"channel": [channel]})
        return [cell for row in rows for cell in row[1:] if cell is not None]

    assert figures("some")
    assert figures("few") == []
    whole = panel.asked(store._backend, WINDOW)
    assert "few" not in {cell for row in whole for cell in row}
