"""What is told of a case with several causes: one thread of messages, however many alerts."""

from datetime import datetime

import msgspec

from pipeline.model.action import Action
from pipeline.model.alert import Alert, Evidence
from pipeline.notify.due import deliveries
from pipeline.notify.messages import render
from pipeline.notify.routes import RoutingTable
from pipeline.notify.thread import DeliveryReceipt, NotificationState, Thread
from tests.support.cases import A, B, C, Customer, alert, closed, id_of, on
from tests.support.follow_ups import at
from tests.support.notify_play import Play


class Desk:
    """Plays alerts and actions through the cases of one customer to the channels."""

    def __init__(self, ours: RoutingTable, *channels: str) -> None:
        self.play = Play(ours, channels or ("duty", "chat", "mail"))
        self.customer = Customer()

    def __call__(
        self, *changes: Alert | Action, now: datetime | None = None
    ) -> list[tuple[str, str]]:
        """Return (channel, kind) of what is sent after changes, as of the last of them."""
        before = len(self.customer.published)
        self.customer(*changes)
        cases = [event.data for event in self.customer.published[before:]]
        alerts = [change for change in changes if isinstance(change, Alert)]
        return self.play(now or cases[-1].updated_at, *alerts, *cases)

    @property
    def thread(self) -> Thread:
        (thread,) = self.play.customer.threads
        return thread

    @property
    def body(self) -> str:
        """What the next message says."""
        delivery, *_ = deliveries(self.thread, self.play.desk, self.play.channels)
        return render(self.thread, delivery, "en", "http://board").body


def test_a_case_is_one_thread_and_a_further_cause_an_update_at_the_rate(
    ours: RoutingTable,
) -> None:
    desk = Desk(ours)
    assert desk(alert(A)) == [("chat", "opened")]
    assert desk(alert(B, 5, "low"), alert(C, 6)) == []
    assert "Also: Wants to leave, Wants to leave" in desk.body
    assert desk.play(at(30)) == [("chat", "updated")]
    assert desk(closed(B, 40, opened=5)) == []
    assert desk(closed(A, 50), closed(C, 50, opened=6)) == [("chat", "resolved")]


def test_a_graver_cause_rings_and_on_the_channels_of_its_severity(ours: RoutingTable) -> None:
    desk = Desk(ours)
    desk(alert(A))
    assert {*desk(alert(B, 5, "critical"))} == {("duty", "opened"), ("chat", "opened")}
    assert desk(alert(C, 6, "critical")) == []


def test_a_danger_rings_whoever_has_the_case_in_hand_and_is_what_is_told(
    ours: RoutingTable,
) -> None:
    desk = Desk(ours, "chat")
    desk(alert(A, 0, "critical"), on(A, "acknowledge", 1))
    danger = msgspec.structs.replace(alert(B, 5, "critical"), in_danger=True)
    assert desk(danger) == [("chat", "opened")]
    assert desk.thread.alert == msgspec.structs.replace(
        danger, contributions=(), evidence=danger.evidence[-2:]
    )
    assert desk.play(at(60)) == []


def test_a_danger_escalates_to_everybody_reached_whatever_was_missed_before(
    ours: RoutingTable,
) -> None:
    desk = Desk(ours)
    desk(alert(A, 0, "critical"))
    desk.customer.until(70)
    assert desk.customer.case.escalation == 2
    desk(on(A, "contact", 71))
    everybody = {"duty", "chat", "mail"}
    told = desk(alert(B, 80, "critical", in_danger=True))
    assert {*told} == {(channel, "opened") for channel in everybody}
    for minute in (85, 95):
        desk.customer.until(minute)
        told = desk.play(at(minute), desk.customer.case)
        assert {*told} == {(channel, "escalated") for channel in everybody}


def test_a_second_danger_rings_also_when_the_first_has_ended(ours: RoutingTable) -> None:
    desk = Desk(ours, "chat")
    desk(alert(C), alert(A, 1, "critical", in_danger=True))
    desk(on(A, "resolve", 2, outcome="no_fault"))
    assert desk(alert(B, 3, "critical", in_danger=True)) == [("chat", "opened")]
    desk(on(B, "resolve", 5, outcome="no_fault"))
    again = {"opened_at": at(3), "revision": 2, "evidence": (Evidence("e2", "Yine", 0, 4),)}
    assert desk(alert(B, 6, "critical", in_danger=True, **again)) == [("chat", "opened")]


def test_a_graver_cause_reopens_what_somebody_has_in_hand(ours: RoutingTable) -> None:
    desk = Desk(ours, "chat")
    desk(alert(A, 0, "medium"), on(A, "acknowledge", 1))
    assert desk(alert(B, 5, "medium")) == []
    assert desk(alert(C, 6, "high")) == [("chat", "opened")]


def test_nothing_less_than_critical_rings_again_within_a_day_of_a_contact(
    ours: RoutingTable,
) -> None:
    desk = Desk(ours, "chat", "duty")
    desk(alert(A, 0, "medium"), on(A, "contact", 1))
    assert desk(alert(B, 5, "high")) == []
    assert desk.play(at(40)) == [("chat", "updated")]
    assert ("duty", "opened") in desk(alert(C, 50, "critical"))


def test_messages_link_to_the_case_and_channels_know_it_by_its_first_alert(
    ours: RoutingTable,
) -> None:
    desk = Desk(ours, "chat")
    desk(alert(A, 0, "medium"))
    desk(alert(B, 5, "low"))
    assert f"http://board/alerts/{id_of(desk.customer)}" in desk.body
    assert desk.thread.first_alert is not None
    assert desk.thread.first_alert.id == A


def test_an_alert_waits_for_its_case_and_a_case_for_its_alert(ours: RoutingTable) -> None:
    customer, play = Customer()(alert(A)), Play(ours, ("chat",))
    assert play(at(1), customer.case) == []
    assert play(at(1), alert(A), customer.case) == [("chat", "opened")]
    other = Play(ours, ("chat",))
    waiting = Play(ours, ("chat",))
    waiting.customer = NotificationState(waiting=(alert(A),))
    assert waiting(at(1), customer.case) == [("chat", "opened")]
    assert other.customer == NotificationState()


def told_before(id_: str, severity: str = "high") -> bytes:
    """The entry of an alert in a state of a version without cases, told to a chat."""
    receipt = DeliveryReceipt("chat", "opened", at(1), "", severity, 0, False, 1)
    entry = {
        "alert_id": id_,
        "seen_at": at(1),
        "alert": alert(id_, 0, severity),
        "follow_up": None,
        "routed": severity,
        "chains": [{"route": "rest", "channels": ["chat", "mail"]}],
        "told": [receipt],
        "failures": [],
    }
    return msgspec.json.encode(entry)


def test_what_a_version_without_cases_told_is_neither_told_again_nor_left_open(
    ours: RoutingTable,
) -> None:
    state = b'{"cases": [' + told_before(A) + b", " + told_before(B) + b"]}"
    desk = Desk(ours, "chat")
    desk.play.customer = msgspec.json.decode(state, type=NotificationState)
    assert desk.play(at(2)) == []
    assert desk(alert(A), alert(B), now=at(3)) == []
    assert len(desk.play.customer.threads) == 2
    done = on(id_of(desk.customer), "resolve", 60, outcome="rescued")
    assert desk(done) == [("chat", "resolved"), ("chat", "resolved")]
    assert len({*desk.play.ids}) == 2
    again = msgspec.json.encode(desk.play.customer)
    assert msgspec.json.decode(again, type=NotificationState) == desk.play.customer


def test_what_a_version_without_cases_told_of_is_part_of_the_case_that_it_joins_later(
    ours: RoutingTable,
) -> None:
    desk = Desk(ours, "chat")
    desk.play.customer = msgspec.json.decode(
        b'{"cases": [' + told_before(B) + b"]}", type=NotificationState
    )
    assert desk(alert(A, 0, "high"), now=at(2)) == [("chat", "opened")]
    desk.customer(alert(B, 0, "high"))
    assert desk.play(at(3), desk.customer.case) == []
    case = desk.play.customer.thread(id_of(desk.customer))
    assert case is not None
    assert {one.id for one in case.alerts} == {A, B}


def test_what_a_version_without_cases_told_of_a_lone_alert_says_the_same(
    ours: RoutingTable,
) -> None:
    desk = Desk(ours, "chat")
    desk(alert(A))
    fingerprint = desk.thread.fingerprint
    assert fingerprint == '["high",["Bir daha asla!"],["open",null,""],0]'
