"""What is read of a window: its edges, the clock, customers with alerts, and journeys."""

from datetime import timedelta

import msgspec
import pytest

from pipeline.kpi.definitions import DEFINITIONS, KpiValue, Window
from pipeline.model.event import AuthorType, Metric, Score
from pipeline.model.reading import Scored
from pipeline.store import Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import LATER, START, WINDOW, alert, reading, scored

pytestmark = ON_CHDB


def read(store: Store, window: Window = WINDOW, as_of=LATER, **slice_: str) -> dict[str, KpiValue]:
    values = store.kpis(window, list(slice_), as_of)
    return {value.kpi: value for value in values if value.slice == slice_}


def write(store: Store, *events: Scored) -> None:
    store.write_events(events)


def answer(
    event_id: str, score: float, customer_id: str, at: float = 0, **fields: object
) -> Scored:
    given = {"type": "survey", "score": Score(Metric.NPS, score, 0, 10), **fields}
    return scored(event_id, at, customer_id=customer_id, **given)


def test_nothing_is_none_and_not_zero(store: Store) -> None:
    values = read(store)
    assert list(values) == [definition.name for definition in DEFINITIONS]
    assert (values["nps"].value, values["nps"].n) == (None, 0)
    assert (values["events"].value, values["events"].n) == (0, 0)
    assert store.kpis(WINDOW, ["channel"], LATER) == []


def test_a_score_reads_with_its_interval(store: Store) -> None:
    answers = [10] * 45 + [8.5] * 35 + [6.5] * 20
    write(
        store,
        *(answer(f"e{i}", score, f"c{i}", at=i * 7) for i, score in enumerate(answers)),
    )
    nps = read(store)["nps"]
    assert (nps.value, nps.n, nps.customers, nps.provisional) == (25, 100, 100, False)
    assert (nps.ci_low, nps.ci_high) == pytest.approx((9.48, 39.06), abs=0.01)


def test_many_answers_of_one_customer_are_one_voice(store: Store) -> None:
    write(store, *(answer(f"e{i}", 10, "c1", at=i) for i in range(5)))
    nps = read(store)["nps"]
    assert (nps.value, nps.n, nps.customers) == (100, 5, 1)
    assert (nps.ci_low, nps.ci_high) == pytest.approx((-48.50, 98.50), abs=0.01)


def test_customers_are_counted_in_each_slice(store: Store) -> None:
    write(store, *(answer(f"e{i}", 10, f"c{i % 3}", brand="AB"[i % 2]) for i in range(12)))
    of_a = read(store, brand="A")["nps"]
    assert (of_a.n, of_a.customers) == (6, 3)
    assert read(store)["nps"].customers == 3
    assert read(store)["csat"].customers is None


def test_names_that_differ_in_letter_case_or_outer_spaces_are_one_slice(store: Store) -> None:
    spelled = ["Fatura", "FATURA", "fatura ", "fatura", "İade", "IADE", "iade", "iade", "kargo"]
    write(
        store,
        *(
            answer(f"e{i}", 10, f"c{i % 3}", at=i, touchpoint=name, ticket_id=f"T{i}")
            for i, name in enumerate(spelled)
        ),
        *(
            scored(f"t{i}", at=60 * i, type="self_service.viewed", touchpoint=name, channel="Web ")
            for i, name in enumerate(spelled)
        ),
        scored("none", at=9, type="visit"),
    )
    for by in (["touchpoint"], ["touchpoint", "brand"]):
        values = store.kpis(WINDOW, by, LATER)
        found = {one.slice["touchpoint"]: one.n for one in values if one.kpi == "nps"}
        assert found == {"": 0, "FATURA": 4, "iade": 4, "kargo": 1}
        people = {one.slice["touchpoint"]: one.n for one in values if one.kpi == "active_customers"}
        assert people["FATURA"] == 3
    sessions = {v.slice["touchpoint"]: v.n for v in values if v.kpi == "self_service_rate"}
    assert sum(sessions.values()) == sessions["FATURA"] > 0


def test_names_from_before_the_window_are_one_slice_too(store: Store) -> None:
    for number, name in enumerate(["Fatura", "FATURA "]):
        ticket = {"ticket_id": f"t{number}", "customer_id": f"c{number}"}
        opening = {"type": "ticket.opened", "touchpoint": name, **ticket}
        store.write_events(
            [
                scored(f"o{number}", at=number - 86_400, **opening),
                scored(f"r{number}", at=number, type="ticket.resolved", **ticket),
            ]
        )
    values = store.kpis(WINDOW, ["touchpoint"], LATER)
    resolved = {v.slice["touchpoint"]: v.n for v in values if v.kpi == "first_contact_resolution"}
    assert resolved == {"": 0, "Fatura": 2}


def test_a_slice_that_a_revision_emptied_is_none(store: Store) -> None:
    write(store, scored("e", type="visit", brand="A", channel="web"))
    write(store, scored("e", type="visit", brand="B", channel="web", revision=1))
    for by in (["brand"], ["channel", "brand"]):
        assert {one.slice["brand"] for one in store.kpis(WINDOW, by, LATER)} == {"B"}


def test_a_revision_counts_whenever_it_came(store: Store) -> None:
    write(store, answer("e", 10, "c1"))
    later = msgspec.structs.replace(answer("e", 2, "c1", revision=1), received_at=LATER)
    write(store, later)
    assert read(store, as_of=WINDOW.end)["nps"].value == -100


def test_a_ratio_is_not_cut_where_its_sides_cannot_meet(store: Store) -> None:
    write(
        store,
        *(scored(f"o{i}", at=i, type="order.placed", channel="web", brand="A") for i in range(100)),
        *(scored(f"c{i}", at=i, type="complaint", channel="email", brand="A") for i in range(60)),
    )
    for of_brand in (read(store), read(store, brand="A")):
        rate = of_brand["complaint_rate"]
        assert (rate.value, rate.n) == (60, 100)
        assert (rate.ci_low, rate.ci_high) == pytest.approx((43.76, 82.81), abs=0.01)
    assert "complaint_rate" not in read(store, channel="web")
    assert "return_rate" not in read(store, touchpoint="")


def test_an_answer_on_another_scale_does_not_count(store: Store) -> None:
    write(store, scored("e", type="survey", score=Score(Metric.NPS, 5, 1, 5)))
    assert read(store)["nps"].n == 0


def test_thumbs_have_a_kpi_of_their_own_and_are_in_no_csat(store: Store) -> None:
    thumbs = [Score(Metric.RATING, value, 0, 1) for value in (1, 1, 0, 1)]
    stars = Score(Metric.RATING, 1, 1, 5)
    for n, score in enumerate((*thumbs, stars, Score(Metric.CSAT, 2, 1, 5))):
        write(store, scored(f"e{n}", n, customer_id=f"c{n}", type="survey", score=score))
    values = read(store)
    assert (values["good_ratings"].value, values["good_ratings"].n) == (75, 4)
    assert (values["csat"].value, values["csat"].n) == (0, 1)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (0, 180, 4),
        (0.5, 120, 1),
        (0, 120.000001, 4),
        (60, 120, 1),
        (59.5, 60, 0),
        (60.25, 60.75, 0),
        (60.25, 60.750001, 1),
    ],
)
def test_a_window_may_cut_minutes(store: Store, start: float, end: float, found: int) -> None:
    events = [scored(f"e{at}", at=at) for at in (0, 0.25, 60.75, 120)]
    write(store, *events)
    window = Window(START + timedelta(seconds=start), START + timedelta(seconds=end))
    assert read(store, window)["events"].value == found


def test_what_happens_after_the_clock_is_not_counted(store: Store) -> None:
    write(store, scored("now", at=60), scored("later", at=60.000001))
    as_of = START + timedelta(seconds=60)
    events = read(store, as_of=as_of)["events"]
    assert (events.value, events.provisional) == (1, True)
    assert read(store, as_of=WINDOW.start - timedelta(seconds=1))["events"].value == 0


def test_a_value_is_provisional_until_its_wait_is_over(store: Store) -> None:
    waits = {
        "events": timedelta(0),
        "self_service_rate": timedelta(hours=24),
        "first_contact_resolution": timedelta(days=7),
    }
    for kpi, wait in waits.items():
        over = WINDOW.end + wait
        assert read(store, as_of=over - timedelta(microseconds=1))[kpi].provisional
        assert not read(store, as_of=over)[kpi].provisional


def test_negative_customers_had_an_alert_open_in_the_window(store: Store) -> None:
    write(store, *(scored(f"e{i}", at=5, customer_id=f"c{i}", brand="AB"[i % 2]) for i in range(6)))
    before, after = WINDOW.start - timedelta(hours=1), WINDOW.end
    store.write_alerts(
        [
            alert("open before", customer_id="c0", opened_at=before),
            alert("another", customer_id="c0", opened_at=before),
            alert("closed before", customer_id="c1", opened_at=before, closed_at=before),
            alert("closed within", customer_id="c2", opened_at=before, closed_at=WINDOW.start),
            alert("opened after", customer_id="c3", opened_at=after),
            alert("no cause", customer_id="c4", opened_at=before, state="withdrawn"),
            alert("not active", customer_id="c9", opened_at=before),
        ]
    )
    whole = read(store)["negative_customers"]
    assert (whole.value, whole.n) == (pytest.approx(100 * 2 / 6), 6)
    assert read(store, brand="B")["negative_customers"].value == 0


def test_nobody_is_active_by_what_a_system_notes(store: Store) -> None:
    notes = ("survey.sent", "customer.updated", "ticket.merged")
    write(store, *(scored(name, type=name, customer_id=name, brand="N") for name in notes))
    write(store, scored("m", customer_id="c1"))
    assert read(store)["active_customers"].value == 1
    assert read(store)["events"].value == 4
    assert read(store, brand="N")["active_customers"].value == 0


def test_calls_that_ask_for_a_status_are_avoidable(store: Store) -> None:
    def call(number: int, intent: str, **fields: object) -> Scored:
        given = {"type": "call", "brand": "A", "customer_id": f"caller{number}"}
        event = scored(f"e{number}", at=number, **given | fields)
        return msgspec.structs.replace(event, reading=reading("neutral", intent))

    write(
        store,
        call(1, "ask_status"),
        call(2, "cancel"),
        call(3, "cancel", brand="B"),
        call(4, "ask_status", type="message"),
        call(5, "ask_status", author_type=AuthorType.AGENT),
        call(6, "ask_status"),
        scored("silent", at=7, type="call", brand="A"),
        scored("quoted", at=8, type="call", brand="B", label="neutral", text='"name":"ask_status"'),
    )
    whole = read(store)["avoidable_calls"]
    assert (whole.value, whole.n) == (40, 5)
    assert (whole.ci_low, whole.ci_high) == pytest.approx((11.76, 76.93), abs=0.01)
    of_a = read(store, brand="A")["avoidable_calls"]
    assert (of_a.value, of_a.n) == (pytest.approx(200 / 3), 3)
    write(store, call(1, "cancel", revision=1))
    assert read(store)["avoidable_calls"].value == 20


def test_journeys_are_read_from_before_and_after_the_window(store: Store) -> None:
    day = 86_400
    ticket = {"ticket_id": "t1", "touchpoint": "fatura"}
    replied = {"type": "ticket.replied", "author_type": "agent", **ticket}
    write(
        store,
        scored("opened", at=0, type="ticket.opened", **ticket),
        scored("note", at=60, attributes={"internal": True}, **replied),
        scored("bot", at=90, type="ticket.replied", author_type="bot", **ticket),
        scored("reply", at=4 * 3600, **replied),
        scored("resolved", at=day, type="ticket.resolved", author_type="agent", **ticket),
        scored("again", at=3 * day, type="call", touchpoint="fatura"),
        scored("found", at=0, type="self_service.resolved", customer_id="c2"),
        scored("looked", at=0, type="self_service.viewed", customer_id="c3"),
    )
    values = read(store)
    assert values["first_response_median"].value == 240
    assert values["resolution_first_median"].value == 24 * 60
    assert (values["self_service_rate"].value, values["self_service_rate"].n) == (50, 2)
    tomorrow = Window(WINDOW.start + timedelta(days=1), WINDOW.end + timedelta(days=1))
    resolved = read(store, tomorrow)["first_contact_resolution"]
    assert (resolved.value, resolved.n) == (0, 1)
    earlier = read(store, tomorrow, as_of=START + timedelta(days=2))["first_contact_resolution"]
    assert (earlier.value, earlier.n, earlier.provisional) == (100, 1, True)
    assert read(store, touchpoint="fatura")["first_response_median"].n == 1


def test_what_a_ticket_did_long_before_the_window_holds_in_its_last_revision(store: Store) -> None:
    day = 86_400
    ticket = {"type": "ticket.opened", "ticket_id": "t1"}
    write(store, scored("opened", at=-10 * day, touchpoint="fatura", **ticket))
    write(store, scored("opened", at=-9 * day, touchpoint="kargo", revision=1, **ticket))
    write(store, scored("resolved", at=60, **{**ticket, "type": "ticket.resolved"}))
    assert read(store, touchpoint="kargo")["first_contact_resolution"].n == 1
    assert read(store, touchpoint="fatura") == {}


def test_a_wrong_question_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="no such dimension: colour"):
        store.kpis(WINDOW, ["colour"], LATER)  # type: ignore[list-item]
    with pytest.raises(ValueError, match="before it starts"):
        store.kpis(Window(WINDOW.end, WINDOW.start), [], LATER)
