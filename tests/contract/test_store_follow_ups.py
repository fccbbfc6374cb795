"""Follow-ups, the actions that lead to them, and their KPIs."""

from datetime import UTC, datetime, timedelta

from pipeline.follow_up.value import FollowUp
from pipeline.kpi.definitions import KpiValue, Window
from pipeline.model.action import Action
from pipeline.model.event import Metric, Score
from pipeline.model.reading import Scored
from pipeline.store import Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import START, scored

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def follow_up(id_: str, revision: int = 1, **fields: object) -> FollowUp:
    values = {
        "customer_id": f"c-{id_}",
        "cause": "churn_intent",
        "severity": "high",
        "stage": "open",
        "opened_at": NOON,
        "updated_at": at(revision),
        "channel": "chat",
        "brand": "A",
        **fields,
    }
    return FollowUp(id_, revision=revision, **values)  # type: ignore[arg-type]


def action(id_: str, minutes: float, **fields: object) -> Action:
    values = {"kind": "acknowledge", "by": "ayşe", **fields}
    return Action(id_, "a1", "c1", at=at(minutes), **values)  # type: ignore[arg-type]


def answer(id_: str, customer_id: str, minutes: float, value: float) -> Scored:
    seconds = (at(minutes) - START).total_seconds()
    score = Score(Metric.NPS, value, 0, 10)
    return scored(id_, at=seconds, type="survey", score=score, customer_id=customer_id)


def kpis(store: Store, start: float, end: float, as_of: float = 10_000) -> dict[str, KpiValue]:
    values = store.kpis(Window(at(start), at(end)), (), at(as_of))
    return {value.kpi: value for value in values}


def test_a_follow_up_is_read_as_it_was_written(store: Store) -> None:
    one = follow_up(
        "a1", stage="resolved", outcome="rescued", owner="ayşe", contacted_at=at(3), escalation=1
    )
    store.write_follow_ups([one])
    assert store.follow_ups() == [one]


def test_an_older_revision_never_hides_a_newer(store: Store) -> None:
    old, new = follow_up("a1"), follow_up("a1", 2, stage="acknowledged")
    for batch in ([old], [new], [old], [old, new], [old]):
        store.write_follow_ups(batch)
    assert store.follow_ups() == [new]


def test_follow_ups_are_found_by_stage_customer_and_alert_the_last_changed_first(
    store: Store,
) -> None:
    one, two = follow_up("a1"), follow_up("a2", 2, stage="resolved")
    store.write_follow_ups([one, two])
    assert store.follow_ups() == [two, one]
    assert store.follow_ups(stages=["open"]) == [one]
    assert store.follow_ups(stages=[]) == []
    assert store.follow_ups(customer_id="c-a2") == [two]
    assert store.follow_ups(alert_ids=["a1", "a9"]) == [one]
    assert store.follow_ups(alert_ids=[]) == []
    assert store.follow_ups(limit=1) == [two]


def test_an_action_is_read_as_it_was_written_and_counts_once(store: Store) -> None:
    first = action("x1", 1)
    last = action("x2", 2, kind="snooze", until=at(60), note="yarın aranacak")
    for _ in range(2):
        store.write_actions([first, last])
    assert store.actions("a1") == [last, first]
    assert store.actions(customer_id="c1", limit=1) == [last]
    assert store.actions("a2") == []


@ON_CHDB
def test_the_loop_is_closed_where_the_contact_came_within_the_sla(store: Store) -> None:
    due = {"contact_due": at(60)}
    store.write_follow_ups(
        [
            follow_up("a1", contacted_at=at(30), **due),
            follow_up("a2", contacted_at=at(60), **due),
            follow_up("a3", contacted_at=at(61), **due),
            follow_up("a4", **due),
            follow_up("a5", contact_due=at(400)),  # not due in the window
            follow_up("a6"),  # never due
        ]
    )
    closure = kpis(store, 0, 120)["loop_closure"]
    assert (closure.value, closure.n) == (50, 4)
    assert kpis(store, 0, 120, as_of=45)["loop_closure"].n == 0


@ON_CHDB
def test_times_count_from_the_opening_where_the_step_falls_into_the_window(
    store: Store,
) -> None:
    store.write_follow_ups(
        [
            follow_up("a1", acknowledged_at=at(10), contacted_at=at(20)),
            follow_up("a2", acknowledged_at=at(30), contacted_at=at(500)),
        ]
    )
    found = kpis(store, 0, 120)
    assert (found["time_to_acknowledge_median"].value, found["time_to_contact_median"].value) == (
        20,
        20,
    )
    assert kpis(store, 120, 1_000)["time_to_contact_p90"].value == 500


@ON_CHDB
def test_who_is_rescued_gives_a_good_score_next_and_soon_enough(store: Store) -> None:
    store.write_follow_ups([follow_up(f"a{one}", contacted_at=at(10)) for one in range(1, 6)])
    month = 31 * 24 * 60
    store.write_events(
        [
            answer("e1", "c-a1", 5, 2),  # before the contact
            answer("e2", "c-a1", 50, 9),
            answer("e3", "c-a2", 50, 6),  # the next one counts
            answer("e4", "c-a2", 60, 10),
            answer("e5", "c-a3", 50, 7),
            answer("e6", "c-a4", month, 10),  # too late
        ]
    )
    rate = kpis(store, 0, 20, as_of=2 * month)["rescue_rate"]
    assert (rate.value, rate.n, rate.provisional) == (40, 5, False)
    assert kpis(store, 0, 20, as_of=55)["rescue_rate"].provisional


@ON_CHDB
def test_kpis_of_follow_ups_are_split_by_what_is_known_of_the_alert(store: Store) -> None:
    store.write_follow_ups(
        [
            follow_up("a1", contacted_at=at(30), contact_due=at(60)),
            follow_up("a2", contact_due=at(60), channel="call"),
        ]
    )
    values = store.kpis(Window(NOON, at(120)), ("channel",), at(200))
    found = {one.slice["channel"]: one.value for one in values if one.kpi == "loop_closure"}
    assert found == {"chat": 100, "call": 0}
