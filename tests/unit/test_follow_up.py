"""How a follow-up goes on by what people do."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.follow_up.alert_progress import AlertProgress, advance_to, event_of
from pipeline.model.action import Action
from pipeline.model.alert import Alert
from tests.support.follow_ups import (
    HIGH,
    NOON,
    SLA,
    advanced,
    alert,
    apply_change,
    at,
    case_of,
    content,
    did,
    followed,
    resolved,
)
from tests.support.notify_cases import ALERT_ID


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


def test_an_undo_takes_back_what_was_done_and_an_undo_of_it_restores_it() -> None:
    contact = did("contact", 20)
    undo = did("undo", 21, undoes=contact.action_id)
    again = did("undo", 22, undoes=undo.action_id)
    assert followed(HIGH, contact, undo).stage == "open"
    assert followed(HIGH, contact, undo).owner is None
    assert followed(HIGH, contact, undo, again).stage == "contacted"


def test_what_is_done_after_the_end_does_not_open_it_again() -> None:
    assert followed(HIGH, resolved(30), did("acknowledge", 40)).stage == "resolved"


def test_an_action_that_comes_before_its_alert_waits_for_it() -> None:
    early = case_of(did("contact", 20))
    assert early.follow_up is None
    later = apply_change(early, HIGH, SLA).follow_up
    assert later is not None
    assert later.stage == "contacted"


def test_the_same_change_has_the_same_event_id() -> None:
    first, second = case_of(HIGH, until=60), case_of(HIGH, until=61)
    assert first.follow_up is not None
    assert second.follow_up is not None
    assert event_of(first.follow_up, first.kind).id == event_of(second.follow_up, second.kind).id
    assert event_of(first.follow_up, first.kind).type == "nabiz.follow_up.escalated"


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


@given(histories(), st.integers(0, 400), st.integers(0, 5_000))
def test_nothing_is_missed_once_the_cause_has_ended(
    done: list[Action], closed: int, later: int
) -> None:
    ended = alert(2, at(closed), severity="high", state="resolved", closed_at=at(closed))
    by_then = followed(HIGH, *done, ended, until=closed)
    assert followed(HIGH, *done, ended, until=closed + later).escalation == by_then.escalation
    assert by_then.stage != "open"


@given(histories(), st.lists(st.integers(0, 1_000), max_size=4))
def test_when_the_clock_is_looked_at_does_not_matter(done: list[Action], looks: list[int]) -> None:
    case = AlertProgress(ALERT_ID)
    changes: list[Alert | Action] = [HIGH, *sorted(done, key=lambda one: one.at)]
    for look, change in zip([*sorted(looks), *[0] * len(changes)], changes, strict=False):
        case = advance_to(apply_change(case, change, SLA), SLA, at(look))
    follow_up = advanced(case, at(1_000)).follow_up
    assert follow_up is not None
    assert content(follow_up) == content(followed(HIGH, *done, until=1_000))


@given(histories(), st.integers(0, 1_000))
def test_the_revision_rises_with_every_change_and_only_then(done: list[Action], until: int) -> None:
    case, seen = AlertProgress(ALERT_ID), []
    for change in [HIGH, *done]:
        case = apply_change(case, change, SLA)
        if case.follow_up and (not seen or case.follow_up != seen[-1]):
            seen.append(case.follow_up)
    assert [one.revision for one in seen] == list(range(1, len(seen) + 1))
    assert all(content(one) != content(two) for one, two in pairwise(seen))
