"""What each channel is told of an alert, and when."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.follow_up.value import FollowUp
from pipeline.model.alert import Alert
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import NotificationState
from tests.support.notify_cases import MONDAY_NOON, ROUTES, alert, desk, follow_up, thread
from tests.support.notify_play import MINUTE, Play


def test_the_first_and_the_last_message_come_at_once(ours: RoutingTable) -> None:
    play = Play(ours)
    assert play(MONDAY_NOON, alert()) == [("am", "opened"), ("chat", "opened")]
    closed = alert(2, state="resolved")
    assert play(MONDAY_NOON + MINUTE, closed) == [("am", "resolved"), ("chat", "resolved")]


def test_an_alert_that_was_closed_before_it_could_be_sent_is_told_first_and_last(
    ours: RoutingTable,
) -> None:
    play = Play(ours, ("chat",))
    sent = play(MONDAY_NOON, alert(), alert(2, state="resolved"))
    assert sent == [("chat", "opened"), ("chat", "resolved")]


def test_updates_wait_for_the_rate_of_their_channel_and_come_as_one(ours: RoutingTable) -> None:
    play = Play(ours)
    play(MONDAY_NOON, alert())
    assert play(MONDAY_NOON + MINUTE, alert(2, quote="Yeter!")) == [("am", "updated")]
    assert play(MONDAY_NOON + 2 * MINUTE, alert(3, quote="Bıktım!")) == [("am", "updated")]
    assert play(MONDAY_NOON + 29 * MINUTE) == []
    assert play(MONDAY_NOON + 30 * MINUTE) == [("chat", "updated")]
    assert play(MONDAY_NOON + 90 * MINUTE) == []


def test_a_channel_that_left_the_routes_is_told_to_the_end_of_what_it_knows(
    ours: RoutingTable, tmp_path: Path
) -> None:
    play = Play(ours)
    play(MONDAY_NOON, alert())
    play.desk = desk(tmp_path, "routes: [{name: all, channels: [mail]}]")
    changed = alert(2, quote="Yeter!")
    assert play(MONDAY_NOON + MINUTE, changed) == []
    assert play(MONDAY_NOON + 30 * MINUTE) == [("am", "updated"), ("chat", "updated")]
    later = MONDAY_NOON + 60 * MINUTE
    missed = follow_up(2, at=later, escalation=1)
    assert ("mail", "escalated") in play(later, missed)
    assert ("chat", "resolved") in play(later + MINUTE, alert(3, at=later, state="resolved"))
    assert play(later + MINUTE, alert(id="another", at=later)) == [("mail", "opened")]


def test_a_change_that_people_would_not_see_is_no_message(ours: RoutingTable) -> None:
    play = Play(ours)
    play(MONDAY_NOON, alert())
    assert play(MONDAY_NOON + 60 * MINUTE, alert(2, risk=0.93), follow_up()) == []


def test_an_escalation_rings_at_the_next_channel_and_at_the_end_of_the_chain_again(
    ours: RoutingTable,
) -> None:
    play = Play(ours, ("chat", "mail"))
    play(MONDAY_NOON, alert())
    missed = follow_up(2, escalation=1)
    assert play(MONDAY_NOON + MINUTE, missed) == [("mail", "escalated")]
    again = follow_up(3, escalation=2)
    assert play(MONDAY_NOON + 2 * MINUTE, again) == [("mail", "escalated")]


def test_somebody_who_takes_an_alert_on_is_told_to_all_who_know_of_it(ours: RoutingTable) -> None:
    play = Play(ours, ("chat", "mail"))
    play(MONDAY_NOON, alert())
    taken_on = follow_up(2, stage="acknowledged", owner="ayşe")
    assert play(MONDAY_NOON + MINUTE, taken_on) == [("chat", "acknowledged")]


def test_what_somebody_has_in_hand_ends_when_they_end_it_not_with_its_cause(
    ours: RoutingTable,
) -> None:
    play = Play(ours)
    play(MONDAY_NOON, alert(), follow_up())
    play(MONDAY_NOON, follow_up(2, stage="acknowledged", owner="ayşe"))
    ended = follow_up(3, stage="acknowledged", owner="ayşe", cause_ended_at=MONDAY_NOON)
    assert play(MONDAY_NOON + MINUTE, alert(2, state="resolved"), ended) == [("am", "updated")]
    assert play(MONDAY_NOON + 30 * MINUTE) == [("chat", "updated")]
    done = follow_up(4, stage="resolved", end="by_person")
    assert play(MONDAY_NOON + 31 * MINUTE, done) == [("am", "resolved"), ("chat", "resolved")]


def test_what_was_told_as_ended_and_is_in_hand_after_all_rings_nobody_anew(
    ours: RoutingTable,
) -> None:
    play = Play(ours, ("chat",))
    play(MONDAY_NOON, alert(), follow_up())
    assert play(MONDAY_NOON, alert(2, state="resolved")) == [("chat", "resolved")]
    taken_on = follow_up(2, stage="acknowledged", owner="ayşe", cause_ended_at=MONDAY_NOON)
    assert play(MONDAY_NOON, taken_on) == [("chat", "acknowledged")]
    done = follow_up(3, stage="resolved", end="by_person")
    assert play(MONDAY_NOON, done) == [("chat", "resolved")]


def test_what_states_say_of_what_was_told_is_read_as_before(ours: RoutingTable) -> None:
    taken_on = follow_up(2, stage="acknowledged", owner="ayşe")
    assert (
        thread(alert(), taken_on).fingerprint
        == '["high",["Bir daha asla!"],["acknowledged","ayşe",""],0]'
    )


def test_the_follow_up_ends_an_alert_and_its_undoing_opens_it_again(ours: RoutingTable) -> None:
    play = Play(ours, ("chat",))
    play(MONDAY_NOON, alert())
    closed = follow_up(2, stage="resolved", outcome="rescued")
    assert play(MONDAY_NOON + MINUTE, closed) == [("chat", "resolved")]
    assert play(MONDAY_NOON + 2 * MINUTE, alert(2, quote="more")) == []
    assert play(MONDAY_NOON + 3 * MINUTE, follow_up(3)) == [("chat", "opened")]
    assert len(set(play.ids)) == 3


def test_an_alert_without_cause_is_withdrawn_where_it_was_told_and_nowhere_else(
    ours: RoutingTable,
) -> None:
    assert Play(ours)(MONDAY_NOON, alert(), alert(2, state="withdrawn")) == []
    play = Play(ours, ("chat",))
    play(MONDAY_NOON, alert())
    assert play(MONDAY_NOON, alert(2, state="withdrawn")) == [("chat", "withdrawn")]


def test_who_is_told_of_a_topic_is_told_when_it_comes_up(tmp_path: Path) -> None:
    text = ROUTES.replace("billing: [payment_failed]", "billing: {topics: [billing]}")
    play = Play(desk(tmp_path, text))
    assert ("billing", "opened") not in play(MONDAY_NOON, alert(topics=("waiting_time",)))
    more = alert(2, topics=("waiting_time", "billing"))
    assert play(MONDAY_NOON + MINUTE, more) == [("billing", "opened")]
    assert play(MONDAY_NOON + 2 * MINUTE, alert(3, topics=more.topics)) == []


def test_what_is_first_heard_of_when_it_is_old_rings_nobody(ours: RoutingTable) -> None:
    play = Play(ours)
    assert play(MONDAY_NOON + timedelta(days=2), alert()) == []


def test_a_case_is_forgotten_a_day_after_its_end_and_a_repetition_changes_nothing(
    ours: RoutingTable,
) -> None:
    play = Play(ours)
    changes = [alert(), alert(2, state="resolved")]
    play(MONDAY_NOON, *changes)
    assert play(MONDAY_NOON + MINUTE, *changes) == []
    assert play(MONDAY_NOON + timedelta(days=1, minutes=2), *changes) == []
    assert play.customer == NotificationState()


def test_updates_wait_while_an_alert_is_snoozed(ours: RoutingTable) -> None:
    play = Play(ours, ("chat",))
    play(MONDAY_NOON, alert())
    until = MONDAY_NOON + 120 * MINUTE
    play(MONDAY_NOON + MINUTE, follow_up(2, snoozed_until=until), alert(2, quote="Yeter!"))
    assert play(until - MINUTE) == []
    assert play(until) == [("chat", "updated")]


def test_a_follow_up_that_comes_before_its_alert_waits_for_it(ours: RoutingTable) -> None:
    play = Play(ours, ("chat",))
    assert play(MONDAY_NOON, follow_up(2, escalation=1)) == []
    assert play(MONDAY_NOON, alert()) == [("chat", "escalated")]


CHANGES = st.lists(
    st.one_of(
        st.builds(
            lambda r, q, s: ("alert", r, q, s), st.integers(1, 6), st.integers(0, 2), st.none()
        ),
        st.builds(
            lambda r, e, s: ("follow_up", r, e, s),
            st.integers(1, 6),
            st.integers(0, 2),
            st.sampled_from(["open", "acknowledged"]),
        ),
    ),
    max_size=12,
)


@given(CHANGES, st.lists(st.integers(0, 90), min_size=13, max_size=13), st.data())
def test_first_and_last_always_updates_at_the_rate_and_nothing_twice(
    ours: RoutingTable,
    changes: list[tuple[str, int, int, Any]],
    gaps: list[int],
    data: st.DataObject,
) -> None:
    play = Play(ours)
    now, at = MONDAY_NOON, MONDAY_NOON
    log: list[tuple[datetime, str, str]] = []

    def step(*step_changes: Alert | FollowUp) -> None:
        play.down = data.draw(st.sets(st.sampled_from(["chat", "mail"])))
        log.extend((now, *one) for one in play(now, *step_changes))

    step(alert(at=at))
    for (kind, revision, number, stage), gap in zip(changes, gaps, strict=False):
        now += gap * MINUTE / 10
        one: Alert | FollowUp = (
            alert(revision, at=at, quote=f"q{number}")
            if kind == "alert"
            else follow_up(revision, at=at, escalation=number, stage=stage)
        )
        step(one, one)
    step(alert(9, at=at, state="resolved"), follow_up(9, at=at, stage="resolved"))
    play.down = set()
    for _ in range(4):
        now += 70 * MINUTE
        log.extend((now, *sent) for sent in play(now))
    assert len(set(play.ids)) == len(play.ids)
    heard = {channel for _, channel, _ in log}
    assert "am" in heard
    assert heard & {"chat", "mail"}
    for channel in heard:
        mine = [(when, kind) for when, name, kind in log if name == channel]
        kinds = [kind for _, kind in mine]
        assert kinds[0] in ("opened", "escalated")
        assert kinds[-1] == "resolved"
        assert kinds.count("opened") <= 1
        assert kinds.count("resolved") == 1
        if channel != "am":
            for (before, _), (after, kind) in pairwise(mine):
                assert kind != "updated" or after - before >= 30 * MINUTE
