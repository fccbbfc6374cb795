"""What holds of a customer's cases, whatever alerts come and whatever people do."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.action import Action
from pipeline.model.alert import Alert
from tests.support.cases import DAY, A, B, C, Customer, alert, closed, ids, on
from tests.support.follow_ups import SLA, at

KINDS = ("acknowledge", "contact", "resolve")
ALERTS = st.builds(
    lambda id_, minute, severity, danger: alert(id_, minute, severity, in_danger=danger),
    st.sampled_from([A, B, C]),
    st.integers(0, 300),
    st.sampled_from(["low", "medium", "high", "critical"]),
    st.booleans(),
)


@st.composite
def lives(draw: st.DrawFn) -> list[Alert | Action]:
    """Alerts of a customer, some of which end, and what people do about them, in event order."""
    opened = {one.id: one for one in draw(st.lists(ALERTS, min_size=1, max_size=5))}
    changes: list[Alert | Action] = list(opened.values())
    for one in opened.values():
        begin = int((one.opened_at - at(0)).total_seconds() // 60)
        if draw(st.booleans()):
            end = begin + draw(st.integers(1, 200))
            fields = {"severity": one.severity, "in_danger": one.in_danger}
            state = draw(st.sampled_from(["resolved", "withdrawn"]))
            changes.append(closed(one.id, end, opened=begin, state=state, **fields))
            if draw(st.booleans()):
                back = end + draw(st.integers(1, 100))
                changes.append(
                    alert(one.id, back, one.severity, revision=10, in_danger=one.in_danger)
                )
        for kind in draw(st.lists(st.sampled_from(KINDS), max_size=3)):
            outcome = {"outcome": "other"} if kind == "resolve" else {}
            changes.append(on(one.id, kind, begin + draw(st.integers(0, 300)), **outcome))
    return sorted(changes, key=moment)


def moment(change: Alert | Action) -> datetime:
    return change.updated_at if isinstance(change, Alert) else change.at


@given(lives(), st.integers(0, 30_000))
def test_a_customer_has_at_most_one_case_under_way_that_agrees_with_its_alerts(
    changes: list[Alert | Action], until: int
) -> None:
    customer = Customer()(*changes).until(until)
    assert sum(not case.ended for case in customer.cases) <= 1
    stages = {one.alert_id: one.follow_up for one in customer.state.alerts if one.follow_up}
    for case in customer.cases:
        follow_ups = [stages[cause.alert_id] for cause in case.causes]
        assert case.ended == all(one.ended for one in follow_ups)
        assert (case.end is not None) == case.ended
        if not case.ended:
            assert case.stage in {one.stage for one in follow_ups}
    assert sorted(id_ for case in customer.cases for id_ in ids(case.causes)) == sorted(stages)


@given(lives())
def test_revisions_rise_and_what_is_delivered_again_changes_nothing(
    changes: list[Alert | Action],
) -> None:
    customer = Customer()(*changes)
    revisions: dict[str, list[int]] = {}
    for event in customer.published:
        revisions.setdefault(event.data.case_id, []).append(event.data.revision)
    assert all(numbers == sorted({*numbers}) for numbers in revisions.values())
    told = len(customer.published)
    customer(*changes)
    assert len(customer.published) == told


@given(lives(), st.integers(1, 6))
def test_a_case_that_is_told_is_told_to_its_end_whatever_the_batches(
    changes: list[Alert | Action], size: int
) -> None:
    customer = Customer()
    for batch in (changes[start : start + size] for start in range(0, len(changes), size)):
        customer.at_once(*batch)
    told = {event.data.case_id: event.data for event in customer.until(20 * DAY).published}
    assert all(case.ended for case in told.values())


@given(lives())
def test_no_contact_is_due_twice_within_a_day_for_two_causes_of_equal_weight(
    changes: list[Alert | Action],
) -> None:
    customer = Customer()(*changes)
    dangers = {one.id for one in changes if isinstance(one, Alert) and one.in_danger}
    for case in customer.cases:
        contacted, due = case.contact_not_before, case.contact_due
        waits = case.severity != "critical" and dangers.isdisjoint(ids(case.causes))
        if not case.ended and contacted and due and waits:
            missed_before = due < contacted - timedelta(days=1)
            assert missed_before or due >= contacted or case.contacted_at


@given(lives())
def test_whatever_else_there_is_a_danger_has_its_own_deadlines(
    changes: list[Alert | Action],
) -> None:
    customer = Customer()(*changes)
    for one in customer.state.alerts:
        follow_up = one.follow_up
        there_was_cause = one.summary and one.summary.state != "withdrawn"
        if follow_up and one.summary and there_was_cause and one.summary.in_danger:
            opened_at = follow_up.opened_at
            assert follow_up.acknowledge_due == opened_at + SLA.acknowledge["in_danger"]
            assert follow_up.contact_due in (None, opened_at + SLA.contact["in_danger"])
