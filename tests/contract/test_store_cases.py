"""Cases in the store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.live import KEPT, is_over
from pipeline.follow_up.case import Case, CaseCause, CaseStep
from pipeline.follow_up.value import STAGES
from pipeline.kpi.definitions import KpiValue, Window
from pipeline.store import Store
from tests.contract.conftest import ON_CHDB
from tests.contract.stored import alert
from tests.contract.test_store_follow_ups import follow_up

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def case(id_: str, revision: int = 1, **fields: Any) -> Case:
    values: dict[str, Any] = {
        "customer_id": f"c-{id_}",
        "severity": "high",
        "stage": "open",
        "opened_at": NOON,
        "updated_at": at(revision),
        "causes": (CaseCause(f"{id_}-1", "churn_intent", "high", "open", "open", NOON),),
        **fields,
    }
    return Case(id_, revision=revision, **values)


def test_a_case_is_read_as_it_was_written(store: Store) -> None:
    one = case(
        "k1",
        stage="acknowledged",
        owner="ayşe",
        history=(CaseStep(NOON, "opened", "k1-1"), CaseStep(at(1), "acknowledge", by="ayşe")),
        contact_not_before=at(60),
        note="yarın aranacak",
    )
    store.write_cases([one])
    assert store.cases() == [one]


def test_an_older_revision_never_hides_a_newer(store: Store) -> None:
    old, new = case("k1"), case("k1", 2, stage="acknowledged")
    for batch in ([old], [new], [old], [old, new], [old]):
        store.write_cases(batch)
    assert store.cases() == [new]


def test_cases_are_found_by_stage_customer_and_id_the_last_changed_first(store: Store) -> None:
    one, two = case("k1"), case("k2", 2, stage="resolved")
    store.write_cases([one, two])
    assert store.cases() == [two, one]
    assert store.cases(stages=["open"]) == [one]
    assert store.cases(stages=[]) == []
    assert store.cases(customer_id="c-k2") == [two]
    assert store.cases(case_ids=["k1", "k9"]) == [one]
    assert store.cases(case_ids=[]) == []
    assert store.cases(alert_ids=["k1-1", "k9-1"]) == [one]
    assert store.cases(alert_ids=[]) == []
    assert store.cases(limit=1) == [two]


def items(age: timedelta) -> Iterator[InboxItem]:
    """A case of every stage, which changed so long ago."""
    then = {"opened_at": NOON - age, "updated_at": NOON - age}
    for stage, outcome, informed in product(STAGES, (None, "rescued", "not_reached"), (None, NOON)):
        given = {"stage": stage, "outcome": outcome, "informed_at": informed, **then}
        one = case(f"{age}-{stage}-{outcome}-{informed}", **given)
        yield InboxItem(one, (alert(one.causes[0].alert_id),))


def test_the_inbox_has_what_waits_and_then_what_ended_lately(store: Store) -> None:
    given = [one for age in (KEPT, KEPT + timedelta(microseconds=1)) for one in items(age)]
    store.write_cases([one.case for one in given])
    found = store.inbox(NOON - KEPT, 1_000)
    by_id = {one.id: one for one in given}
    assert {*found} == {one.id for one in given if not is_over(one, NOON)}
    waits = [not by_id[one].ended or by_id[one].to_inform for one in found]
    assert waits == sorted(waits, reverse=True)
    assert store.inbox(NOON - KEPT, 5) == found[:5]


def kpis(store: Store, start: float, end: float) -> dict[str, KpiValue]:
    values = store.kpis(Window(at(start), at(end)), (), at(100_000))
    return {value.kpi: value for value in values}


@ON_CHDB
def test_the_loop_is_closed_once_a_case_however_many_causes_it_has(store: Store) -> None:
    kept = {"contact_due": at(60), "contacted_at": at(30), "acknowledged_at": at(10)}
    causes = tuple(
        CaseCause(f"a{number}", "late_delivery", "high", "open", "contacted", NOON)
        for number in (1, 2, 3)
    )
    store.write_follow_ups([follow_up(cause.alert_id, **kept) for cause in causes])
    store.write_cases([case("k1", causes=causes, **kept), case("k2", contact_due=at(60))])
    found = kpis(store, 0, 120)
    assert (found["loop_closure"].value, found["loop_closure"].n) == (50, 2)
    assert (found["time_to_contact_median"].value, found["time_to_contact_median"].n) == (30, 1)
    assert (found["time_to_acknowledge_median"].value, found["rescue_rate"].n) == (10, 1)


@ON_CHDB
def test_a_follow_up_from_before_there_were_cases_counts_as_one(store: Store) -> None:
    store.write_follow_ups(
        [
            follow_up("a1", contact_due=at(60), contacted_at=at(30)),
            follow_up("a2", 9, stage="expired"),  # of a version without `end`
        ]
    )
    found = kpis(store, 0, 120)
    assert (found["loop_closure"].value, found["loop_closure"].n) == (100, 1)
    assert (found["nobody_came"].value, found["nobody_came"].n) == (100, 1)


@ON_CHDB
def test_where_nobody_came_is_counted_of_the_cases_that_ended_and_were_not_withdrawn(
    store: Store,
) -> None:
    ends = ("nobody_came", "by_person", "by_itself", "unfinished", "withdrawn")
    ended = [
        case(f"k{number}", stage="expired", end=end, updated_at=at(50))
        for number, end in enumerate(ends)
    ]
    late = case("k9", stage="expired", end="nobody_came", updated_at=at(500))
    store.write_cases([*ended, late, case("k8")])
    found = kpis(store, 0, 120)["nobody_came"]
    assert (found.value, found.n, found.customers) == (25, 4, 4)
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.ci_low < 25 < found.ci_high
