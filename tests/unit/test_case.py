"""A customer has one case: what people work on, whatever the number of alerts."""

import msgspec

from pipeline.follow_up.case import Case
from pipeline.follow_up.state import FollowUpState
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from tests.support.cases import DAY, A, B, C, Customer, alert, closed, id_of, ids, on
from tests.support.follow_ups import at


def test_all_open_alerts_of_a_customer_are_one_case_with_the_gravest_severity_and_its_sla() -> None:
    customer = Customer()(alert(A, 0, "medium"), alert(B, 5, "critical"), alert(C, 6, "low"))
    case = customer.case
    assert len(customer.cases) == 1
    assert (case.severity, case.stage, case.opened_at) == ("critical", "open", at(0))
    assert (case.acknowledge_due, case.contact_due) == (at(20), at(65))
    assert ids(case.causes) == [B, A, C]
    assert customer.kinds() == ["opened", "joined", "joined"]
    assert [event.data.revision for event in customer.published] == [1, 2, 3]


def test_a_case_lasts_until_all_its_alerts_have_ended_and_a_later_alert_opens_the_next() -> None:
    customer = Customer()(alert(A), alert(B, 10), closed(A, 20))
    first = id_of(customer)
    assert customer.case.stage == "open"
    customer(closed(B, 30, opened=10))
    assert (customer.case.stage, customer.case.end) == ("resolved", "by_itself")
    customer(alert(C, 40))
    assert id_of(customer) != first
    assert [case.stage for case in customer.cases] == ["resolved", "open"]


def test_an_alert_that_opened_before_the_end_belongs_to_the_case_however_late_it_comes() -> None:
    customer = Customer()(alert(A), closed(A, 60))
    first = id_of(customer)
    customer(alert(B, 30))
    assert (id_of(customer), customer.case.stage) == (first, "open")


def test_the_id_depends_on_the_customer_and_the_first_alert_alone() -> None:
    assert id_of(Customer()(alert(A))) == id_of(Customer()(alert(A, 0, "low"), alert(B, 1)))
    assert id_of(Customer()(alert(A))) != id_of(Customer()(alert(B)))


def test_an_alert_that_comes_back_comes_back_in_its_case() -> None:
    customer = Customer()(alert(A), on(A, "resolve", 10, outcome="rescued"))
    first = id_of(customer)
    customer(alert(A, 20, "critical", revision=2, opened_at=at(0)))
    assert (id_of(customer), customer.case.stage) == (first, "open")
    assert customer.case.reopened_at == at(20)


def test_an_alert_of_an_earlier_case_that_comes_back_joins_the_one_under_way() -> None:
    customer = Customer()(alert(A))
    customer(on(id_of(customer), "resolve", 10, outcome="rescued"), alert(B, 20))
    second = id_of(customer)
    customer(alert(A, 30, "critical", revision=2, opened_at=at(0)))
    assert (id_of(customer), ids(customer.case.causes)) == (second, [A, B])
    assert [case.ended for case in customer.cases] == [False]


def test_the_end_of_a_case_is_told_though_its_alert_moves_on_in_the_same_batch() -> None:
    customer = Customer()(alert(A))
    first = id_of(customer)
    customer.at_once(
        alert(A, 10, state="withdrawn", closed_at=at(10), revision=2, opened_at=at(0)),
        alert(B, 20),
        alert(A, 30, revision=3, opened_at=at(30)),
    )
    told = {event.data.case_id: event.data for event in customer.published}
    assert told[first].end == "withdrawn"
    assert sorted(ids(customer.case.causes)) == [A, B]
    assert [id_ for id_, case in told.items() if not case.ended] == [id_of(customer)]
    assert len(customer.cases) == 1


def test_one_action_on_the_case_holds_for_all_its_open_alerts() -> None:
    customer = Customer()(alert(A), alert(B, 5, "low"), alert(C, 6), closed(C, 7, opened=6))
    customer(on(id_of(customer), "acknowledge", 10))
    assert {cause.alert_id: cause.stage for cause in customer.case.causes} == {
        A: "acknowledged",
        B: "acknowledged",
        C: "resolved",
    }
    assert (customer.case.stage, customer.case.owner) == ("acknowledged", "ayse")
    customer(on(id_of(customer), "resolve", 20, outcome="rescued"))
    assert (customer.case.stage, customer.case.end) == ("resolved", "by_person")
    assert customer.case.outcome == "rescued"


def test_an_action_on_the_case_is_taken_back_as_a_whole() -> None:
    customer = Customer()(alert(A), alert(B, 5))
    taken = on(id_of(customer), "acknowledge", 10)
    customer(taken, on(id_of(customer), "undo", 11, undoes=taken.action_id))
    assert [cause.stage for cause in customer.case.causes] == ["open", "open"]


def test_a_cause_that_joins_a_case_in_somebodys_hands_is_in_their_hands_unless_it_is_graver() -> (
    None
):
    customer = Customer()(alert(A), on(A, "acknowledge", 10))
    customer(alert(B, 20))
    assert (customer.case.stage, customer.case.owner) == ("acknowledged", "ayse")
    customer(alert(C, 30, "critical"))
    assert (customer.case.stage, customer.case.severity) == ("open", "critical")
    assert customer.case.acknowledge_due == at(45)


def test_a_case_is_as_far_as_the_cause_that_is_least_far() -> None:
    customer = Customer()(alert(A), alert(B, 1, "low"), on(A, "contact", 10))
    assert (customer.case.stage, customer.case.acknowledge_due) == ("open", at(1 + DAY))


def test_no_second_contact_is_due_within_a_day_of_one_about_another_cause() -> None:
    customer = Customer()(alert(A), on(A, "contact", 10), alert(B, 20))
    assert customer.case.contact_not_before == at(10 + DAY)
    assert customer.case.contact_due == at(10 + DAY)
    customer.until(10 + DAY - 1)
    assert customer.case.escalation == 0
    customer.until(10 + DAY)
    assert customer.case.escalation == 1


def test_the_budget_outlives_the_case() -> None:
    customer = Customer()(alert(A), on(A, "contact", 10), on(A, "resolve", 11, outcome="other"))
    customer(alert(B, 60))
    assert len(customer.cases) == 2
    assert customer.case.contact_due == at(10 + DAY)


def test_a_critical_cause_that_is_graver_does_not_wait() -> None:
    customer = Customer()(alert(A), on(A, "contact", 10), alert(B, 20, "critical"))
    assert customer.case.contact_due == at(80)
    twice = Customer()(alert(A, 0, "critical"), on(A, "contact", 10), alert(B, 20, "critical"))
    assert twice.case.contact_due == at(10 + DAY)


def test_a_danger_has_its_own_deadlines_whatever_was_said_before() -> None:
    customer = Customer()(alert(A, 0, "critical"), on(A, "contact", 10))
    customer(alert(B, 40, "critical", in_danger=True))
    assert (customer.case.stage, customer.case.causes[0].alert_id) == ("open", B)
    assert (customer.case.acknowledge_due, customer.case.contact_due) == (at(45), at(55))
    assert customer.until(44).case.escalation == 0
    assert [customer.until(minute).case.escalation for minute in (45, 55)] == [1, 2]
    assert customer(on(id_of(customer), "contact", 60)).case.stage == "contacted"


def test_a_danger_does_not_wait_for_the_budget_of_a_case_that_has_ended() -> None:
    customer = Customer()(alert(A, 0, "critical"), on(A, "resolve", 10, outcome="rescued"))
    customer(on(A, "contact", 10), alert(B, 60, "medium", in_danger=True))
    assert len(customer.cases) == 2
    assert (customer.case.acknowledge_due, customer.case.contact_due) == (at(65), at(75))


def test_a_danger_that_joins_another_is_in_the_same_hands_but_has_its_own_call() -> None:
    customer = Customer()(alert(A, 0, "critical", in_danger=True), on(A, "contact", 4))
    customer(alert(B, 40, "critical", in_danger=True))
    assert (customer.case.stage, customer.case.contact_due) == ("acknowledged", at(55))


def test_what_a_danger_misses_escalates_whatever_was_missed_before() -> None:
    customer = Customer()(alert(A, 0, "critical")).until(70)
    assert customer.case.escalation == 2
    customer(on(A, "contact", 71), alert(B, 80, "critical", in_danger=True))
    assert [customer.until(minute).case.escalation for minute in (84, 85, 95)] == [2, 3, 4]


def test_a_contact_that_was_missed_before_the_other_stays_missed() -> None:
    customer = Customer()(alert(A), alert(B, 0, "critical")).until(70)
    customer(on(A, "contact", 80))
    critical = next(cause for cause in customer.state.alerts if cause.alert_id == B)
    assert critical.follow_up is not None
    assert critical.follow_up.contact_due == at(60)


def test_how_a_case_ends_has_the_name_of_what_was_done_at_most() -> None:
    def end(*changes: Alert | Action, until: float = 0) -> str | None:
        return Customer()(*changes).until(until).case.end

    withdrawn = closed(A, 10, state="withdrawn")
    fortnight = 14 * DAY
    assert end(alert(A), withdrawn) == "withdrawn"
    assert end(alert(A), alert(B), withdrawn, closed(B, 20)) == "by_itself"
    assert end(alert(A), alert(B), closed(B, 20), until=fortnight) == "nobody_came"
    assert end(alert(A), on(A, "acknowledge", 5), until=fortnight) == "unfinished"
    assert (
        end(alert(A), alert(B), on(A, "resolve", 5, outcome="lost"), until=fortnight) == "by_person"
    )


def test_what_happened_is_told_in_order_and_stays_bounded() -> None:
    customer = Customer()(alert(A), on(A, "acknowledge", 10, note="arıyorum"), alert(B, 20))
    told = [(step.kind, step.alert_id, step.by) for step in customer.case.history]
    assert told == [("opened", A, None), ("acknowledge", A, "ayse"), ("opened", B, None)]
    assert customer.case.note == "arıyorum"
    customer(*(on(A, "note", 30 + minute, note="x") for minute in range(90)))
    assert len(customer.case.history) == 30


def test_what_is_published_of_the_passing_time_does_not_depend_on_who_looks_when() -> None:
    def told(looks: list[float]) -> list[Case]:
        customer = Customer()(alert(A), alert(B, 5))
        for look in looks:
            customer.until(look)
        return [event.data for event in customer.published]

    assert told([61, 64, 66, 300]) == told([300])


def test_the_state_of_a_version_without_cases_gets_them_at_once() -> None:
    old = Customer()(alert(A), alert(B, 5), closed(B, 6, opened=5)).state
    without = msgspec.structs.replace(
        old,
        cases=(),
        alerts=tuple(msgspec.structs.replace(one, case_id=None) for one in old.alerts),
    )
    encoded = msgspec.json.encode(without)
    decoded = msgspec.json.decode(encoded, type=FollowUpState)
    assert decoded.lacks_case
    customer = Customer(decoded).until(10)
    assert not customer.state.lacks_case
    assert customer.kinds() == ["opened"]
    assert customer.case == old.cases[0].case


def test_what_ended_long_ago_is_forgotten_with_the_actions_on_its_case() -> None:
    customer = Customer()(alert(A))
    customer(on(id_of(customer), "resolve", 10, outcome="other")).until(10 + 31 * DAY)
    assert customer.state.alerts == ()
    assert customer.state.cases == ()


def test_a_case_that_has_ended_stays_as_it_was_until_all_of_it_is_forgotten() -> None:
    customer = Customer()(alert(A), alert(B, 10), on(A, "resolve", 20, outcome="other"))
    customer(on(id_of(customer), "resolve", 2 * DAY, outcome="rescued"))
    case, told = customer.case, len(customer.published)
    customer.until(31 * DAY)
    assert (customer.case, len(customer.published)) == (case, told)
    customer.until(33 * DAY)
    assert (customer.state.alerts, customer.state.cases) == ((), ())


def test_a_case_under_way_goes_on_without_what_ended_long_ago() -> None:
    fourth = f"{A[:-1]}4"
    customer = Customer()(alert(A), alert(B, 10), on(A, "resolve", 20, outcome="other"))
    customer(alert(C, 13 * DAY)).until(20 * DAY)(alert(fourth, 26 * DAY)).until(31 * DAY)
    assert sorted(ids(customer.case.causes)) == [B, C, fourth]


def test_a_cause_that_ended_uncalled_shares_the_contact_about_another() -> None:
    customer = Customer()(alert(A), alert(B, 1, "low"), on(A, "contact", 10))
    customer(on(B, "resolve", 20, outcome="other"), on(A, "resolve", 30, outcome="other"))
    case = customer.case
    assert (case.contacted_at, case.contact_due) == (at(10), at(240))
