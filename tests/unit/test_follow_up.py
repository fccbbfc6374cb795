from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.config.groups import ROOT
from pipeline.follow_up.case import Case, event_of, hear, is_over, pass_time
from pipeline.follow_up.sla import SlaError, load_sla
from pipeline.follow_up.value import FollowUp, end_of
from pipeline.model.action import Action, ActionKind, problem_of
from pipeline.model.alert import STATES, Alert, Evidence
from tests.support.notify_cases import ALERT_ID, MONDAY_NOON
from tests.support.notify_cases import alert as notice

SLA = load_sla(ROOT / "desk" / "sla.yaml")
NOON = MONDAY_NOON
alert = partial(notice, opened_at=NOON)
HIGH = alert(severity="high")
ids = count()


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def did(kind: ActionKind, minutes: float, by: str = "ayse", **fields: Any) -> Action:
    given_id = fields.pop("action_id", f"a{next(ids)}")
    return Action(given_id, ALERT_ID, "c1", kind, by, at(minutes), **fields)


def resolved(minutes: float, **fields: Any) -> Action:
    return did("resolve", minutes, outcome="rescued", **fields)


def case_of(*changes: Alert | Action, until: float = 0) -> Case:
    case = Case(ALERT_ID)
    for change in changes:
        case = hear(case, change, SLA)
    while (later := pass_time(case, SLA, at(until))) is not case:
        case = later
    return case


def followed(*changes: Alert | Action, until: float = 0) -> FollowUp:
    follow_up = case_of(*changes, until=until).follow_up
    assert follow_up is not None
    return follow_up


def content(follow_up: FollowUp) -> FollowUp:
    """Without what depends on the order of arrival."""
    return replace(follow_up, revision=0, updated_at=NOON)


def test_an_alert_that_opens_is_due_by_its_severity() -> None:
    follow_up = followed(HIGH)
    assert (follow_up.stage, follow_up.revision, follow_up.escalation) == ("open", 1, 0)
    assert (follow_up.acknowledge_due, follow_up.contact_due) == (at(60), at(240))


def test_who_takes_it_on_owns_it_and_each_step_has_its_time() -> None:
    follow_up = followed(
        HIGH, did("acknowledge", 5), did("contact", 20, "can"), resolved(40), did("inform", 50)
    )
    assert (follow_up.stage, follow_up.owner, follow_up.outcome) == ("resolved", "ayse", "rescued")
    assert (follow_up.acknowledged_at, follow_up.contacted_at) == (at(5), at(20))
    assert (follow_up.resolved_at, follow_up.informed_at) == (at(40), at(50))
    assert follow_up.escalation == 0


def test_a_contact_is_an_acknowledgement_too() -> None:
    assert followed(HIGH, did("contact", 20)).acknowledged_at == at(20)


def test_to_give_it_to_oneself_is_to_take_it_on_and_to_another_is_not() -> None:
    assert followed(HIGH, did("assign", 5, assignee="ayse")).stage == "acknowledged"
    given_away = followed(HIGH, did("assign", 5, assignee="can"))
    assert (given_away.stage, given_away.owner) == ("open", "can")


def test_a_missed_sla_escalates_once_for_each_step() -> None:
    assert followed(HIGH, until=59).escalation == 0
    assert followed(HIGH, until=60).escalation == 1
    assert followed(HIGH, until=239).escalation == 1
    assert followed(HIGH, until=240).escalation == 2
    assert followed(HIGH, did("acknowledge", 30), until=240).escalation == 1


def test_a_step_at_the_last_moment_is_in_time_and_one_after_it_is_not() -> None:
    assert followed(HIGH, did("acknowledge", 60), until=100).escalation == 0
    assert followed(HIGH, did("acknowledge", 60.1), until=100).escalation == 1


def test_an_action_that_comes_late_takes_the_escalation_back() -> None:
    case = case_of(HIGH, until=90)
    late = hear(case, did("acknowledge", 30), SLA).follow_up
    assert case.follow_up is not None
    assert late is not None
    assert (case.follow_up.escalation, late.escalation) == (1, 0)
    assert late.revision == case.follow_up.revision + 1


def test_a_snooze_puts_the_sla_off_but_not_for_longer_than_is_allowed() -> None:
    assert followed(HIGH, did("snooze", 10, until=at(120)), until=119).escalation == 0
    assert followed(HIGH, did("snooze", 10, until=at(120)), until=120).escalation == 1
    assert followed(HIGH, did("snooze", 10, until=at(99_999))).snoozed_until == at(10 + 24 * 60)


def test_an_undo_takes_back_what_was_done_and_an_undo_of_it_restores_it() -> None:
    contact = did("contact", 20)
    undo = did("undo", 21, undoes=contact.action_id)
    again = did("undo", 22, undoes=undo.action_id)
    assert followed(HIGH, contact, undo).stage == "open"
    assert followed(HIGH, contact, undo).owner is None
    assert followed(HIGH, contact, undo, again).stage == "contacted"


def test_what_is_done_after_the_end_does_not_open_it_again() -> None:
    assert followed(HIGH, resolved(30), did("acknowledge", 40)).stage == "resolved"


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


def test_a_severity_that_rises_makes_it_due_sooner_from_that_moment() -> None:
    follow_up = followed(HIGH, alert(2, at(10), severity="critical"))
    assert (follow_up.acknowledge_due, follow_up.contact_due) == (at(25), at(70))


def test_an_alert_that_closes_by_itself_is_resolved_unless_somebody_has_it_in_hand() -> None:
    closed = alert(2, at(30), severity="high", state="resolved", closed_at=at(30))
    untouched = followed(HIGH, closed, until=10_000)
    assert (untouched.stage, untouched.outcome, untouched.escalation) == ("resolved", None, 0)
    assert untouched.contact_due is None  # nobody owed it a call any more
    assert followed(HIGH, did("acknowledge", 5), closed).stage == "acknowledged"


def test_an_alert_without_a_cause_expires_and_nothing_was_missed() -> None:
    withdrawn = alert(2, at(90), severity="high", state="withdrawn", evidence=())
    case = hear(case_of(HIGH, until=80), withdrawn, SLA)
    assert case.follow_up is not None
    assert (case.follow_up.stage, case.follow_up.escalation) == ("expired", 0)


def test_what_nobody_resolves_expires_and_can_still_be_resolved() -> None:
    fortnight = 14 * 24 * 60
    assert followed(HIGH, until=fortnight - 1).stage == "open"
    assert followed(HIGH, until=fortnight).stage == "expired"
    case = hear(case_of(HIGH, until=fortnight), resolved(fortnight + 5), SLA)
    assert case.follow_up is not None
    assert case.follow_up.stage == "resolved"


def test_an_action_that_comes_before_its_alert_waits_for_it() -> None:
    early = case_of(did("contact", 20))
    assert early.follow_up is None
    later = hear(early, HIGH, SLA).follow_up
    assert later is not None
    assert later.stage == "contacted"


def test_what_is_published_of_the_passing_time_does_not_depend_on_who_looks_when() -> None:
    def published(looks: list[float]) -> list[FollowUp]:
        case, found = case_of(HIGH), []
        for look in looks:
            while (later := pass_time(case, SLA, at(look))) is not case:
                case = later
                assert case.follow_up is not None
                found.append(case.follow_up)
        return found

    assert published([61, 90, 241]) == published([30_000])[:2]
    assert [one.updated_at for one in published([500])] == [at(60), at(240)]


def test_the_same_change_has_the_same_event_id() -> None:
    first, second = case_of(HIGH, until=60), case_of(HIGH, until=61)
    assert first.follow_up is not None
    assert second.follow_up is not None
    assert event_of(first.follow_up, first.kind).id == event_of(second.follow_up, second.kind).id
    assert event_of(first.follow_up, first.kind).type == "nabiz.follow_up.escalated"


def test_what_is_long_over_is_forgotten_and_what_is_open_never() -> None:
    month = NOON + timedelta(days=31)
    assert is_over(case_of(HIGH, resolved(30)), month)
    assert not is_over(case_of(HIGH, resolved(30)), at(60))
    assert not is_over(case_of(HIGH, until=60), month)
    assert is_over(case_of(did("contact", 20)), month)  # its alert never came


ACTIONS = st.one_of(
    *(
        st.builds(did, st.just(kind), st.integers(0, 400), st.sampled_from(["ayse", "can"]))
        for kind in ("acknowledge", "contact", "inform")
    ),
    st.builds(resolved, st.integers(0, 400)),
    st.integers(0, 300).flatmap(
        lambda minute: st.integers(minute + 1, minute + 200).map(
            lambda until: did("snooze", minute, until=at(until))
        )
    ),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Action]:
    done = draw(st.lists(ACTIONS, max_size=6))
    for one in draw(st.lists(st.sampled_from(done), max_size=2)) if done else ():
        minutes = (one.at - NOON).total_seconds() / 60
        done.append(did("undo", minutes + 1, undoes=one.action_id))
    return done


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 1_000))
def test_order_and_repetition_of_what_comes_do_not_matter(
    done: list[Action], rng: Any, until: int
) -> None:
    arrivals: list[Alert | Action] = [*done, *done[:3]]
    rng.shuffle(arrivals)
    place = rng.randrange(len(arrivals) + 1)
    shuffled = followed(*arrivals[:place], HIGH, *arrivals[place:], until=until)
    assert content(shuffled) == content(followed(HIGH, *done, until=until))


@given(histories(), st.lists(st.integers(0, 1_000), max_size=4))
def test_when_the_clock_is_looked_at_does_not_matter(done: list[Action], looks: list[int]) -> None:
    case = Case(ALERT_ID)
    changes: list[Alert | Action] = [HIGH, *sorted(done, key=lambda one: one.at)]
    for look, change in zip([*sorted(looks), *[0] * len(changes)], changes, strict=False):
        case = pass_time(hear(case, change, SLA), SLA, at(look))
    while (later := pass_time(case, SLA, at(1_000))) is not case:
        case = later
    assert case.follow_up is not None
    assert content(case.follow_up) == content(followed(HIGH, *done, until=1_000))


@given(histories(), st.integers(0, 1_000))
def test_the_revision_rises_with_every_change_and_only_then(done: list[Action], until: int) -> None:
    case, seen = Case(ALERT_ID), []
    for change in [HIGH, *done]:
        case = hear(case, change, SLA)
        if case.follow_up and (not seen or case.follow_up != seen[-1]):
            seen.append(case.follow_up)
    assert [one.revision for one in seen] == list(range(1, len(seen) + 1))
    assert all(content(one) != content(two) for one, two in pairwise(seen))


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (did("assign", 1), "assignee"),
        (did("snooze", 1), "until"),
        (did("snooze", 5, until=at(5)), "later"),
        (did("resolve", 1), "outcome"),
        (did("undo", 1), "undoes"),
        (did("assign", 1, assignee="x" * 129), "assignee"),
        (did("assign", 1, assignee="ayşe\nkaya"), "assignee"),
        (did("assign", 1, assignee="ay\u202eşe"), "assignee"),
        (did("undo", 1, undoes="../../x"), "undoes"),
        (replace(did("acknowledge", 1), action_id="x" * 129), "action_id"),
        (replace(did("acknowledge", 1), action_id=""), "action_id"),
        (replace(did("acknowledge", 1), by="a" * 1_000_000), "by"),
        (replace(did("note", 1), note="a" * 2_001), "note"),
        (replace(did("acknowledge", 1), at=datetime(2026, 3, 1)), "offset"),
        (did("snooze", 1, until=datetime.max.replace(tzinfo=UTC)), "years"),  # "for ever"
        (replace(did("acknowledge", 1), at=datetime.min.replace(tzinfo=UTC)), "years"),
    ],
)
def test_an_action_that_lacks_something_is_told_what(action: Action, reason: str) -> None:
    assert reason in (problem_of(action) or "")


def test_an_action_that_has_what_it_needs_is_in_order() -> None:
    assert problem_of(resolved(1)) is None
    assert problem_of(did("assign", 1, assignee="Ayşe Kaya")) is None
    assert problem_of(did("snooze", 1, until=at(5))) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("critical: 15m", "critical: soon", "acknowledge.critical"),
        ("expire: 14d", "", "expire"),
        ("high: 4h", "high: 5m", "contact.high: shorter"),
    ],
)
def test_a_wrong_sla_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    path = tmp_path / "sla.yaml"
    text = (ROOT / "desk" / "sla.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SlaError, match=reason):
        load_sla(path)


def test_an_sla_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SlaError, match="cannot be read"):
        load_sla(tmp_path / "sla.yaml")
