"""What panels answer over the simulated day, counted again from the events in plain Python."""

from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from grafana.sql import pause_us, query
from pipeline.common import names
from pipeline.config.groups import DetectSettings
from pipeline.kpi.definitions import Window
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from tests.contract.conftest import ON_CHDB
from tests.contract.counted import (
    FEWEST,
    TITLES,
    contacts,
    happened,
    moment,
    open_at,
    texts,
    within,
)
from tests.contract.stored import NOTES, WINDOW, scored
from tests.support.dashboards import Statement, statement
from tests.support.simulated_day import DAY, days


def complaints_of_topics(days_before: int = 0) -> Counter[str]:
    """In how many texts each topic is spoken of badly."""
    return Counter(
        name
        for one in texts(days_before)
        for name in {t.name for t in one.reading.topics if t.label == "negative"}  # type: ignore[union-attr]
    )


def test_topics_are_counted_now_and_before(company: Backend) -> None:
    rows = {row[0]: row for row in statement("hurts", "Topics that grow").asked(company, DAY)}
    now, before = complaints_of_topics(), complaints_of_topics(1)
    for title, row in rows.items():
        (name,) = (name for name, one in TITLES.items() if one == title)
        assert row[1] == now[name]
        assert row[2:4] == pytest.approx(
            (100 * now[name] / len(texts()), 100 * before[name] / len(texts(1)))
        )
    assert rows["Network and outage"][7] == "grows"


def test_a_quote_is_what_a_customer_said_of_the_topic(company: Backend) -> None:
    said = {
        (TITLES[topic.name], (one.event.text or "")[topic.start : topic.end])
        for one in texts()
        for topic in one.reading.topics  # type: ignore[union-attr]
        if topic.label == "negative"
    }
    rows = statement("hurts", "In their words").asked(company, DAY)
    assert {(topic, quote) for _, topic, quote, *_ in rows} <= said
    assert max(Counter(row[1] for row in rows).values()) == 3


def test_who_asks_again_is_counted_by_customer(company: Backend) -> None:
    asked = Counter(one.customer_id for one in contacts(filter(within, days().scored)))
    again = sum(times >= 2 for times in asked.values())
    ((value, note, _),) = statement("hurts", "Had to ask again").asked(company, DAY)
    assert value == pytest.approx(100 * again / len(asked))
    assert f"n {len(asked)} " in note
    rows = statement("hurts", "How often they ask").asked(company, DAY)
    often = Counter(min(times, 5) for times in asked.values())
    shown = [often[times] if often[times] >= FEWEST else None for times in sorted(often)]
    assert [row[1] for row in rows] == shown


def test_friction_is_counted_by_customer(company: Backend) -> None:
    stuck, passed = defaultdict(set), defaultdict(set)
    for one in days().scored:
        if within(one):
            event = one.event
            passed[event.touchpoint].add(event.customer_id)
            if event.type in {
                *("self_service.abandoned", "payment.failed", "order.returned"),
                *("order.delayed", "order.cancelled", "ticket.reopened", "outage.started"),
            }:
                stuck[event.touchpoint].add(event.customer_id)
    rows = statement("hurts", "Friction by touchpoint").asked(company, DAY)
    titles = {names.shown("touchpoint", name, "en"): name for name in passed}
    assert {row[0]: row[1] for row in rows} == {
        title: len(passed[name]) for title, name in titles.items()
    }
    asked = contacts(filter(within, days().scored))
    for title, customers, share, asking, each, *_ in rows:
        name = titles[title]
        assert share == pytest.approx(100 * len(stuck[name]) / customers)
        here = [one.customer_id for one in asked if (one.touchpoint or "") == name]
        assert asking in (None, pytest.approx(100 * len({*here}) / customers))
        assert each is None or each == pytest.approx(len(here) / len({*here}))


@ON_CHDB
def test_a_chat_of_many_lines_is_one_contact(store: Store) -> None:
    said = {"channel": "whatsapp", "type": "message", "customer_id": "c1"}
    lines = [scored(f"e{i}", at=i * 60, **said) for i in range(30)]
    answer = scored("a", at=50 * 60, **said | {"type": "ticket.replied", "author_type": "agent"})
    store.write_events([*lines, answer, scored("e31", at=75 * 60, **said)])
    panel = statement("hurts", "Had to ask again")
    assert panel.asked(store._backend, WINDOW, {"enough": ["1"]})[0][0] == 0
    store.write_events([scored("e32", at=105 * 60, **said)])
    assert panel.asked(store._backend, WINDOW, {"enough": ["1"]})[0][0] == 100


@ON_CHDB
def test_a_thread_of_a_ticket_is_one_contact_and_a_call_about_it_another(store: Store) -> None:
    said = {"ticket_id": "T1", "customer_id": "c1"}
    channels = ("chat", "Chat", "CHAT ")
    store.write_events(
        [
            scored(f"e{i}", at=i * 35 * 60, channel=channel, type="message", **said)
            for i, channel in enumerate(channels)
        ]
    )
    panel = statement("hurts", "Had to ask again")
    assert panel.asked(store._backend, WINDOW, {"enough": ["1"]})[0][0] == 0
    store.write_events([scored("c", at=75 * 60, channel="call", type="call", **said)])
    assert panel.asked(store._backend, WINDOW, {"enough": ["1"]})[0][0] == 100


@ON_CHDB
def test_a_contact_ends_with_the_pause_that_is_set_for_its_channel(store: Store) -> None:
    for name, channel in (("c1", "call"), ("c2", "email"), ("c3", "it's chat")):
        said = {"customer_id": name, "channel": channel, "type": "message"}
        fifty_minutes = 3_000
        store.write_events([scored(f"{name}-{i}", at=i * fifty_minutes, **said) for i in range(2)])

    def asked_once(**given: object) -> int:
        pauses = DetectSettings.model_validate(given).pauses
        sql = query("contacts_each", "en", {"pause_us": pause_us(pauses), "fewest": 1})
        rows = Statement("hurts", "", sql).asked(store._backend, WINDOW)
        return {times: customers for times, customers, _ in rows}.get("1", 0)

    assert asked_once() == 0
    assert asked_once(pause_minutes=60) == 3
    assert asked_once(channel_pauses={"email": 240}) == 1
    assert asked_once(channel_pauses={"email": 240, "it's chat": 50.1}) == 2
    assert asked_once(pause_minutes=60, channel_pauses={"call": 0}) == 2


@pytest.mark.parametrize("title", ["By channel", "By touchpoint", "By segment"])
def test_groups_of_few_people_are_not_shown(company: Backend, title: str) -> None:
    hours = timedelta(hours=2)
    window = type(DAY)(DAY.start, DAY.start + hours)
    rows = statement("now", title).asked(company, window)
    assert rows
    assert min(row[8] for row in rows) >= FEWEST
    dimension = title.removeprefix("By ")
    active = defaultdict(set)
    for one in days().scored:
        if window.start <= one.event.occurred_at < window.end and one.event.type not in NOTES:
            active[getattr(one.event, dimension)].add(one.event.customer_id)
    crowds = {name for name, who in active.items() if len(who) >= FEWEST}
    assert {row[0] for row in rows} == {names.shown(dimension, name, "en") for name in crowds}


@pytest.mark.parametrize("hours", [12, 24])
def test_open_alerts_are_those_of_the_end_of_the_range(company: Backend, hours: int) -> None:
    window = Window(DAY.start, DAY.start + timedelta(hours=hours))
    waiting = open_at(window.end)
    latest = {alert.id: alert for alert in days().alerts}
    ((count, *_),) = statement("at-risk", "Open alerts").asked(company, window)
    assert count == len(waiting)
    ages = statement("at-risk", "Open alerts by severity and age").asked(company, window)
    assert sum(sum(row[1:]) for row in ages) == len(waiting)
    rows = statement("at-risk", "Who to call first").asked(company, window)
    assert {row[-1] for row in rows} <= waiting.keys()
    assert len(rows) == min(200, len(waiting))
    for row in rows[:20]:
        assert row[3] == latest[row[-1]].titles["en"]
        assert row[1] == pytest.approx(latest[row[-1]].risk)


@pytest.mark.parametrize("hours", [12, 24])
def test_how_far_a_follow_up_is_is_said_of_the_end_of_the_range(
    company: Backend, hours: int
) -> None:
    window = Window(DAY.start, DAY.start + timedelta(hours=hours))
    waiting = open_at(window.end)
    rows = statement("at-risk", "Who to call first").asked(company, window)
    stages = {row[-1]: row[7:9] for row in rows}
    for alert_id, shown in stages.items():
        one = waiting[alert_id]
        taken = happened(one.acknowledged_at, window.end)
        called = happened(one.contacted_at, window.end)
        stage = "contacted" if called else "acknowledged" if taken else "open"
        assert shown == (stage, one.owner if taken else "")
    assert {stage for stage, _ in stages.values()} == {"open", "acknowledged", "contacted"}
    late = [
        one
        for one in waiting.values()
        if happened(one.contact_due, window.end) and not happened(one.contacted_at, window.end)
    ]
    ((count, *_),) = statement("at-risk", "Contact overdue").asked(company, window)
    assert count == len(late)
    ((count, *_),) = statement("at-risk", "Not taken on").asked(company, window)
    assert count == sum(not happened(one.acknowledged_at, window.end) for one in waiting.values())


def test_the_timeline_is_all_of_one_customer(company: Backend) -> None:
    panel = statement("at-risk", "Timeline")
    riskiest = panel.asked(company, DAY)[0][1]
    assert {row[1] for row in panel.asked(company, DAY)} == {riskiest}
    chosen = panel.asked(company, DAY, {"customer": [riskiest]})
    assert chosen == panel.asked(company, DAY)
    events = [one.event for one in days().scored if one.event.customer_id == riskiest]
    assert Counter(event.type.names["en"] for event in events) <= Counter(row[2] for row in chosen)
    assert panel.asked(company, DAY, {"customer": ["nobody' OR '1'='1"]}) == []


def test_outages_stand_in_the_trends(company: Backend) -> None:
    rows = statement("now", "annotation Outages").asked(company, DAY)
    started = [
        one.event
        for one in days().scored
        if one.event.type is EventType.OUTAGE_STARTED and within(one)
    ]
    ((begin, _, text),) = rows
    first = min(event.occurred_at for event in started).replace(second=0, microsecond=0)
    assert moment(begin) == first
    assert text == f"Outage: Mavi Hat, {len({e.customer_id for e in started})} customers"


@ON_CHDB
def test_an_outage_is_one_however_the_hours_fall(store: Store) -> None:
    """It strikes at five to midnight, is heard of until six, and there is another at night."""

    def struck(brand: str, customers: int, at: int, kind: str) -> list[Scored]:
        return [
            scored(
                f"{brand}-{at}-{n}", at=at + n, type=kind, customer_id=f"{brand}{n}", brand=brand
            )
            for n in range(customers)
        ]

    store.write_events(
        [
            *struck("A", 5, 0, "outage.started"),
            *struck("A", 6, 3_600 * 4, "outage.ended"),
            *struck("A", 7, 3_600 * 11, "outage.started"),
            *struck("B", 4, 60, "outage.started"),
        ]
    )
    window = Window(WINDOW.start, WINDOW.start + timedelta(hours=24))
    rows = statement("now", "annotation Outages").asked(store._backend, window)
    assert [(moment(begin), moment(end), text) for begin, end, text in rows] == [
        (
            window.start,
            window.start + timedelta(hours=4),
            "Outage: A, 6 customers",
        ),
        (
            window.start + timedelta(hours=11),
            window.start + timedelta(hours=11),
            "Outage: A, 7 customers",
        ),
    ]


def test_dead_letters_wait_until_they_are_tried_again(company: Backend) -> None:
    rows = statement("health", "Dead letters that wait").asked(company, DAY)
    assert {row[0]: row[2] for row in rows} == {"missing_field": 3, "not_json": 3}


@ON_CHDB
def test_a_later_revision_counts_where_rows_are_passed_over_early(store: Store) -> None:
    """PREWHERE must not pass over the row that replaces another one."""
    said = {"type": "message", "text": "Faturam yanlış", "label": "negative"}
    store.write_events([scored(f"e{i}", at=3600 * i, customer_id="c1", **said) for i in range(3)])
    panel = statement("hurts", "Had to ask again")
    asked = {"enough": ["1"]}
    assert panel.asked(store._backend, WINDOW, asked)[0][0] == 100
    store.write_events(
        [
            scored("e1", at=3600, customer_id="c1", type="visit", revision=1),
            scored("e2", at=-86_400, customer_id="c1", revision=1, **said),
        ]
    )
    assert panel.asked(store._backend, WINDOW, asked)[0][0] == 0
