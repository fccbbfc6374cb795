"""Waits, answers and sessions in the dashboards' SQL and in pipeline.kpi: two ways, one answer."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from pipeline.kpi.definitions import Window
from pipeline.model.event import Metric, Score
from pipeline.model.reading import Scored
from pipeline.store import Backend, Store
from tests.contract.conftest import ON_CHDB
from tests.contract.counted import contacts
from tests.contract.stored import LATER, WINDOW, scored
from tests.support.dashboards import CALENDARS, statement

FOLLOWED = timedelta(days=7)
"""How long after the range dashboards look for answers."""
STEPS = (
    {"type": "ticket.opened"},
    {"type": "complaint"},
    {"type": "ticket.reopened"},
    {"type": "ticket.resolved", "author_type": "agent"},
    {"type": "message"},
    {"type": "ticket.replied"},
    {"type": "ticket.replied", "author_type": "agent"},
    {"type": "ticket.replied", "author_type": "agent", "attributes": {"internal": True}},
    {"type": "ticket.replied", "author_type": "bot"},
    {"type": "ticket.replied", "author_type": "bot", "attributes": {"handoff": True}},
)


@pytest.fixture
def store(backend: Backend) -> Store:
    """An empty store with the calendars of the dashboards."""
    store = Store(backend, calendars=CALENDARS)
    store.migrate()
    return store


def tickets(rng: Random, count: int) -> list[Scored]:
    """Make up tickets of any steps in any order, a new one every ten minutes at most."""
    return [
        scored(
            f"e{number}-{moment}",
            at=moment * 600,
            ticket_id=f"t{number // 3}",
            customer_id=f"c{number % 20}" if rng.random() < 0.8 else "merged",
            brand="AB"[number % 2] if rng.random() < 0.9 else "",
            **rng.choice(STEPS),
        )
        for number in range(count)
        for moment in rng.sample(range(20), rng.randrange(1, 9))
    ]


@ON_CHDB
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hours", [1, 3])
def test_any_ticket_waits_as_long_in_both(store: Store, seed: int, hours: int) -> None:
    store.write_events(tickets(Random(seed), 90))
    window = Window(WINDOW.start, WINDOW.start + timedelta(hours=hours))
    kpis = {value.kpi: value for value in store.kpis(window, ["channel"], window.end + FOLLOWED)}
    median, p90 = (kpis[f"first_response_{name}"] for name in ("median", "p90"))
    ((value, note, _),) = statement("now", "First response, median").asked(
        store._backend, window, {"enough": ["1"]}
    )
    assert value == pytest.approx(median.value)
    assert f"n {median.n} " in note
    ((_, answered, waiting, middle, slow),) = statement("*", "First response by channel").asked(
        store._backend, window, {"enough": ["1"]}
    )
    assert (answered + waiting, waiting) == (median.n, kpis["first_response_open"].value)
    assert (middle, slow) == (pytest.approx(median.value), pytest.approx(p90.value))


def answers(rng: Random, count: int) -> list[Scored]:
    """Make up answers on few occasions, of which many were answered before."""
    metric, top = Metric.CSAT, 5
    return [
        scored(
            f"a{number}",
            at=rng.random() * 3 * 3600,
            type="survey",
            customer_id=f"c{rng.randrange(6)}",
            channel=rng.choice(["app", "web"]),
            ticket_id=rng.choice([None, "t1", "t2"]),
            order_id=rng.choice([None, "o1"]),
            touchpoint=rng.choice([None, "fatura"]),
            score=Score(metric, rng.randint(1, top), 1, top),
            counted=rng.random() < 0.9,
        )
        for number in range(count)
    ]


@ON_CHDB
@pytest.mark.parametrize("seed", range(3))
def test_any_answers_count_alike_in_both(store: Store, seed: int) -> None:
    store.write_events(answers(Random(seed), 60))
    asked = {"enough": ["1"]}
    for channel in ((), ("web",)):
        kpis = store.kpis(WINDOW, ["channel"] if channel else [], LATER)
        wanted = {"channel": "web"} if channel else {}
        (csat,) = (one for one in kpis if one.kpi == "csat" and one.slice == wanted)
        panel = statement("*", "CSAT").asked(store._backend, WINDOW, {**asked, "channel": channel})
        assert panel[0][0] == pytest.approx(csat.value)
        assert f"n {csat.n} " in panel[0][1]


@ON_CHDB
def test_each_interval_of_a_trend_is_a_window(store: Store) -> None:
    store.write_events(answers(Random(1), 60))
    hour = timedelta(hours=1)
    window = Window(WINDOW.start + timedelta(minutes=5), WINDOW.start + timedelta(minutes=125))
    by_hour = [
        value.value
        for start in (window.start, window.start + hour)
        for value in store.kpis(Window(start, start + hour), [], LATER)
        if value.kpi == "csat"
    ]
    asked = {"enough": ["1"]}
    trend = statement("*", "CSAT over time").asked(store._backend, window, asked, 3_600)
    assert [row[1] for row in trend] == pytest.approx(by_hour)


CHAT = {"type": "message", "channel": "chat"}
AROUND_HELP: tuple[tuple[bool, tuple[dict[str, object], ...]], ...] = (
    (True, ({"at": 7200, "type": "visit", "channel": "web"},)),
    (False, ({"at": 7200, "type": "visit", "channel": "Store"},)),
    (True, ({"at": 7200, "type": "post", "channel": "twitter"},)),
    (False, ({"at": 7200, "type": "call", "channel": "call"},)),
    (False, ({"at": 7200, "type": "ticket.opened", "channel": "crm", "author_type": "system"},)),
    (True, ({"at": 7200, **CHAT, "author_type": "agent"},)),
    # The next line of a chat that ran already, also where an agent answered in between.
    (True, ({"at": 1800, **CHAT}, {"at": 3300, **CHAT})),
    (
        True,
        (
            {"at": 1800, **CHAT},
            {"at": 3300, "type": "ticket.replied", "channel": "chat", "author_type": "agent"},
            {"at": 4800, **CHAT, "ticket_id": "t1"},
        ),
    ),
    (False, ({"at": 1800, **CHAT}, {"at": 3600, **CHAT})),  # after the pause
    (False, ({"at": 1800, **CHAT}, {"at": 3300, **CHAT, "channel": "call"})),
    (
        False,
        (
            {"at": 1800, **CHAT, "ticket_id": "t1"},
            {"at": 1900, "type": "ticket.resolved", "author_type": "agent", "ticket_id": "t1"},
            {"at": 3300, **CHAT, "ticket_id": "t1"},
        ),
    ),
)


@ON_CHDB
@pytest.mark.parametrize(("solved", "around"), AROUND_HELP)
def test_any_session_is_solved_or_not_in_both(
    store: Store, solved: bool, around: tuple[dict[str, object], ...]
) -> None:
    store.write_events(
        [
            scored("h", at=2400, type="self_service.resolved"),
            *(scored(f"a{number}", **fields) for number, fields in enumerate(around)),
        ]
    )
    assert solved_by_themselves(store) == (100 if solved else 0)


@ON_CHDB
@pytest.mark.parametrize("seed", range(3))
def test_any_sessions_are_solved_as_often_in_both(store: Store, seed: int) -> None:
    rng = Random(seed)
    help_ = ({"type": "self_service.resolved"}, {"type": "self_service.viewed"})
    visit = {"type": "visit"}
    store.write_events(
        [
            scored(
                f"e{number}",
                at=rng.randrange(3 * 3600),
                customer_id=f"c{rng.randrange(40)}",
                channel=rng.choice(["chat", "store"]),
                ticket_id=rng.choice([None, None, "t1"]),
                **rng.choice([*help_, *help_, *STEPS, visit]),
            )
            for number in range(300)
        ]
    )
    assert 0 < solved_by_themselves(store) < 100


def solved_by_themselves(store: Store) -> float:
    """The rate, of which panel and KPI say the same."""
    kpis = {value.kpi: value for value in store.kpis(WINDOW, [], LATER)}
    ((value, note, _),) = statement("*", "Solved by themselves").asked(
        store._backend, WINDOW, {"enough": ["1"]}
    )
    assert value == pytest.approx(kpis["self_service_rate"].value)
    assert f"n {kpis['self_service_rate'].n}" in note
    return float(value)


@ON_CHDB
@pytest.mark.parametrize("seed", range(3))
def test_any_lines_form_the_same_contacts_in_both(store: Store, seed: int) -> None:
    rng = Random(seed)
    post = {"type": "post"}
    merged = {"type": "ticket.resolved", "attributes": {"merged_into": "t0"}}
    lines = [
        scored(
            f"e{number}",
            at=rng.randrange(3 * 3600 - 60),
            customer_id=f"c{rng.randrange(60)}",
            channel=rng.choice(["chat", "email"]),
            ticket_id=rng.choice([None, None, "t1", "t2"]),
            touchpoint=rng.choice([None, "fatura", "FATURA ", "kargo"]),
            **rng.choice([*STEPS, *STEPS, merged, post]),
        )
        for number in range(900)
    ]
    store.write_events(lines)
    rows = statement("*", "Contacts by channel").asked(
        store._backend, WINDOW, {"enough": ["1"]}, interval_s=24 * 3600
    )
    asked = Counter(event.customer_id for event in contacts(lines))
    assert sum(count for *_, count in rows) == asked.total()
    ((share, *_),) = statement("*", "Had to ask again").asked(
        store._backend, WINDOW, {"enough": ["1"]}
    )
    assert share == pytest.approx(100 * sum(n > 1 for n in asked.values()) / len(asked))


@ON_CHDB
def test_complaints_are_per_orders_only_where_both_can_be(store: Store) -> None:
    store.write_events(
        [
            *(scored(f"o{i}", at=i, type="order.placed", channel="web") for i in range(10)),
            *(scored(f"c{i}", at=i, type="complaint", channel="sikayetvar") for i in range(6)),
        ]
    )
    panel = statement("now", "Complaints per 100 orders")
    for chosen, rate in (
        ({}, 60),
        ({"channel": ["web"]}, None),
        ({"channel": ["sikayetvar"]}, None),
        ({"touchpoint": [""]}, None),
        ({"language": [""]}, None),
    ):
        ((value, _, colour),) = panel.asked(store._backend, WINDOW, {"enough": ["1"], **chosen})
        assert value == rate
        assert (colour == "text") == (rate is None)
