"""How a follow-up ends, and what opens it again."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from pipeline.follow_up.alert_progress import is_over
from pipeline.follow_up.value import end_of
from pipeline.model.action import Action
from pipeline.model.alert import STATES, Alert, Evidence
from tests.support.follow_ups import (
    HIGH,
    NOON,
    SLA,
    alert,
    apply_change,
    at,
    case_of,
    did,
    followed,
    resolved,
)


def test_bad_news_after_a_person_has_resolved_it_opens_it_again_with_a_new_sla() -> None:
    worse = alert(2, at(300), severity="high", evidence=(Evidence("e9", "Yine!", 0, 5),))
    case = case_of(HIGH, did("contact", 20), resolved(30), worse)
    assert case.follow_up is not None
    assert (case.follow_up.stage, case.kind) == ("open", "opened")
    assert (case.follow_up.owner, case.follow_up.outcome) == ("ayse", None)
    assert case.follow_up.acknowledge_due == at(360)
    assert case.follow_up.contacted_at is None
    assert (case.follow_up.reopened_at, case.follow_up.end) == (at(300), None)


FORTNIGHT = 14 * 24 * 60
CLOSED = alert(2, at(30), severity="high", state="resolved", closed_at=at(30))
WITHDRAWN = alert(2, at(30), severity="high", state="withdrawn", evidence=())


@pytest.mark.parametrize(
    ("changes", "stage", "end"),
    [
        ([resolved(30)], "resolved", "by_person"),
        ([CLOSED], "resolved", "by_itself"),
        ([CLOSED, resolved(40)], "resolved", "by_person"),
        ([WITHDRAWN], "expired", "withdrawn"),
        ([resolved(20), WITHDRAWN], "resolved", "by_person"),
        ([], "expired", "nobody_came"),
        ([did("acknowledge", 5)], "expired", "unfinished"),
        ([did("contact", 5), CLOSED], "expired", "unfinished"),
    ],
)
def test_each_end_has_a_name_of_its_own(
    changes: list[Alert | Action], stage: str, end: str
) -> None:
    ended = followed(HIGH, *changes, until=FORTNIGHT)
    assert (ended.stage, ended.end, ended.reopened_at) == (stage, end, None)
    state = next((one.state for one in changes if isinstance(one, Alert)), "open")
    assert end_of(state, ended) == end
    assert end_of(state, replace(ended, end=None)) == end  # of a version before


def test_an_end_without_a_follow_up_is_that_of_the_alert() -> None:
    assert [end_of(one, None) for one in STATES] == [None, "by_itself", "withdrawn"]


def test_an_update_that_says_nothing_new_opens_nothing_again() -> None:
    same = alert(2, at(300), severity="high", risk=0.99)
    assert followed(HIGH, resolved(30), same).stage == "resolved"


def test_an_alert_that_closes_by_itself_is_resolved_where_nobody_has_it_in_hand() -> None:
    untouched = followed(HIGH, CLOSED, until=10_000)
    assert (untouched.stage, untouched.outcome, untouched.escalation) == ("resolved", None, 0)
    assert untouched.contact_due is None  # nobody owed it a call any more
    assert not untouched.in_hand_without_cause


def test_what_somebody_has_in_hand_stays_theirs_when_its_cause_ends_and_is_due_no_more() -> None:
    case = case_of(HIGH, did("acknowledge", 5), CLOSED, until=FORTNIGHT - 1)
    kept = case.follow_up
    assert kept is not None
    assert (kept.stage, kept.owner, kept.end) == ("acknowledged", "ayse", None)
    assert (kept.due, kept.escalation, kept.cause_ended_at) == (None, 0, at(30))
    assert kept.in_hand_without_cause
    assert case.next_at == at(FORTNIGHT)
    ended = apply_change(case, resolved(60), SLA).follow_up
    assert ended is not None
    assert (ended.end, ended.outcome) == ("by_person", "rescued")
    assert not ended.in_hand_without_cause


def test_what_was_missed_before_the_cause_ended_stays_missed() -> None:
    late = alert(2, at(250), severity="high", state="resolved", closed_at=at(250))
    missed = followed(HIGH, did("acknowledge", 5), late, until=10_000)
    assert (missed.escalation, missed.contact_due) == (1, at(240))


def test_a_customer_who_was_contacted_in_time_counts_as_such_though_the_cause_ended() -> None:
    assert followed(HIGH, did("contact", 5), CLOSED).contact_due == at(240)


def test_who_takes_back_that_they_had_it_in_hand_leaves_it_ended_by_itself() -> None:
    acknowledge = did("acknowledge", 5)
    case = case_of(HIGH, acknowledge, CLOSED)
    after = apply_change(case, did("undo", 50, undoes=acknowledge.action_id), SLA).follow_up
    assert after is not None
    assert (after.stage, after.end, after.resolved_at) == ("resolved", "by_itself", at(30))


def test_a_cause_that_had_not_ended_after_all_is_due_again() -> None:
    again = alert(3, at(20), severity="high")
    case = case_of(HIGH, did("acknowledge", 5), CLOSED, again, until=240)
    assert case.follow_up is not None
    assert (case.follow_up.cause_ended_at, case.follow_up.escalation) == (None, 1)


def test_news_after_the_moment_at_which_a_late_event_closes_the_alert_is_not_of_it() -> None:
    worse = alert(2, at(60), severity="critical")
    closed = alert(3, at(30), severity="critical", state="resolved", closed_at=at(30))
    assert followed(HIGH, worse, closed).end == "by_itself"
    kept = followed(HIGH, did("acknowledge", 5), worse, closed, until=10_000)
    assert (kept.due, kept.escalation) == (None, 0)


def test_an_alert_without_a_cause_expires_and_nothing_was_missed() -> None:
    withdrawn = alert(2, at(90), severity="high", state="withdrawn", evidence=())
    case = apply_change(case_of(HIGH, until=80), withdrawn, SLA)
    assert case.follow_up is not None
    assert (case.follow_up.stage, case.follow_up.escalation) == ("expired", 0)


def test_what_nobody_resolves_expires_and_can_still_be_resolved() -> None:
    fortnight = 14 * 24 * 60
    assert followed(HIGH, until=fortnight - 1).stage == "open"
    assert followed(HIGH, until=fortnight).stage == "expired"
    case = apply_change(case_of(HIGH, until=fortnight), resolved(fortnight + 5), SLA)
    assert case.follow_up is not None
    assert case.follow_up.stage == "resolved"


def test_what_is_long_over_is_forgotten_and_what_is_open_never() -> None:
    month = NOON + timedelta(days=31)
    assert is_over(case_of(HIGH, resolved(30)), month)
    assert not is_over(case_of(HIGH, resolved(30)), at(60))
    assert not is_over(case_of(HIGH, until=60), month)
    assert is_over(case_of(did("contact", 20)), month)  # its alert never came


def test_who_left_before_anybody_came_in_time_counts_as_nobody_came() -> None:
    lost = {"state": "resolved", "revision": 2, "lost": True}
    late = followed(HIGH, alert(severity="high", **lost, at=at(600), closed_at=at(600)))
    assert (late.stage, late.end) == ("expired", "nobody_came")
    soon = followed(HIGH, alert(severity="high", **lost, at=at(30), closed_at=at(30)))
    assert (soon.stage, soon.end) == ("resolved", "by_itself")
    taken = [HIGH, did("acknowledge", 20)]
    in_hand = followed(*taken, alert(severity="high", **lost, at=at(600), closed_at=at(600)))
    assert (in_hand.stage, in_hand.end) == ("acknowledged", None)
