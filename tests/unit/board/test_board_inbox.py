"""What the inbox shows, in which order, and what a button means: pure functions."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.board.inbox.form_actions import request_of
from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.query import InboxQuery, query_of, select
from pipeline.board.inbox.rank import ranked, urgency
from pipeline.common.refused import Refused
from pipeline.model.alert import Severity
from pipeline.service.views import ActionRequest
from tests.support.board_items import MINUTE, NOW, action, alert, case, item

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
STAGES = ("contacted", "acknowledged", "open")


@st.composite
def items(draw: st.DrawFn, **fixed: Any) -> InboxItem:
    fields = {
        "severity": draw(st.sampled_from(SEVERITIES)),
        "risk": draw(st.floats(0, 1)),
        "stage": draw(st.sampled_from(STAGES)),
    } | fixed
    return item(draw(st.uuids()).hex, draw(st.integers(0, 20_000)), **fields)


@given(items(), st.integers(0, 2), st.integers(1, 10_000), st.floats(1, 10))
def test_worse_longer_worth_more_and_less_cared_for_is_never_less_urgent(
    one: InboxItem, stage: int, minutes: int, value: float
) -> None:
    before = urgency(one, NOW)
    assert before > 0
    assert urgency(one, NOW + minutes * MINUTE) >= before
    assert urgency(one, NOW, value) >= before
    fields: dict[str, Any] = {"risk": one.alert.risk, "stage": one.stage}
    waited = (NOW - one.alert.opened_at) / MINUTE
    for graver in SEVERITIES[SEVERITIES.index(one.alert.severity) :]:
        assert urgency(item("x", waited, severity=graver, **fields), NOW) >= before
    riskier = item("x", waited, severity=one.alert.severity, risk=1.0, stage=one.stage)
    assert urgency(riskier, NOW) >= before
    fields |= {"severity": one.alert.severity, "stage": STAGES[stage]}
    untouched = urgency(item("x", waited, **fields), NOW) >= before
    assert untouched or stage < STAGES.index(one.stage)


@given(st.lists(items(), max_size=6, unique_by=lambda one: one.alert.id), st.sampled_from(STAGES))
def test_who_is_in_danger_comes_before_all_others_and_has_a_view(
    many: list[InboxItem], stage: str
) -> None:
    endangered = item("danger", 0, severity="low", risk=0.0, stage=stage, in_danger=True)
    shown = ranked([*many, endangered], NOW, {})
    assert shown[0] == endangered
    assert select(shown, InboxQuery(view="danger"), "ayşe", NOW).shown == [endangered]
    ended = item("danger", 0, stage="resolved", in_danger=True)
    assert ranked([*many, ended], NOW, {})[-1] == ended
    assert not select([ended], InboxQuery(view="danger"), "ayşe", NOW).shown


@given(st.lists(items(), max_size=8, unique_by=lambda one: one.alert.id), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_arrival(
    many: list[InboxItem], random: Any
) -> None:
    mixed = random.sample(many, len(many))
    assert ranked(mixed, NOW, {}) == ranked(many, NOW, {})


def order(*many: InboxItem, **values: float) -> list[str]:
    return [one.alert.id for one in ranked(many, NOW, values)]


def test_severity_comes_first_among_what_is_new() -> None:
    assert order(
        item("low", severity="low"),
        item("critical", severity="critical"),
        item("high", severity="high"),
        item("medium", severity="medium"),
    ) == ["critical", "high", "medium", "low"]


def test_risk_then_waiting_then_value_decide_among_equals() -> None:
    assert order(item("safe", risk=0.3), item("risky", risk=0.9)) == ["risky", "safe"]
    assert order(item("new", 1), item("old", 50)) == ["old", "new"]
    assert order(item("plain"), item("dear", segment="premium"), premium=2) == ["dear", "plain"]


def test_what_somebody_sees_to_waits_behind_what_nobody_has_seen() -> None:
    taken = item("taken", stage="acknowledged", owner="ayşe")
    both = taken, item("open", 9, stage="open")
    assert order(*both) == ["open", "taken"]
    assert [one.alert.id for one in ranked(both, NOW, {}, "ayşe")] == ["taken", "open"]


def test_a_matter_that_waits_much_longer_than_its_sla_passes_a_graver_new_one() -> None:
    def overdue(hours: int) -> InboxItem:
        due = NOW - hours * timedelta(hours=1) + timedelta(hours=1)
        return item("old", 60 * hours, severity="high", stage="open", acknowledge_due=due)

    fresh = item("new", 1, severity="critical")
    assert order(fresh, overdue(1)) == ["new", "old"]
    assert order(fresh, overdue(9)) == ["old", "new"]


def test_what_ended_comes_last_the_newest_first() -> None:
    def ended(name: str, minutes_ago: int) -> InboxItem:
        return item(name, 500, stage="resolved", updated_at=NOW - minutes_ago * MINUTE)

    assert order(ended("b", 30), ended("a", 3), item("open")) == ["open", "a", "b"]


LATER = NOW + timedelta(hours=1)
ALL = [
    item("open", severity="critical", brand="A"),
    item("mine", stage="acknowledged", owner="ayşe", brand="B", channel="chat"),
    item("snoozed", stage="open", snoozed_until=LATER),
    item("woken", stage="open", snoozed_until=NOW - MINUTE),
    item("told", stage="resolved", outcome="rescued", informed_at=NOW),
    item("untold", stage="resolved", outcome="rescued", owner="ayşe"),
    item("unreached", stage="resolved", outcome="not_reached"),
    item("calmed", stage="resolved"),
    item("withdrawn", state="withdrawn", stage="expired", end="withdrawn"),
]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"open", "mine", "woken"}),
        ({"view": "mine"}, {"mine", "untold"}),
        ({"view": "snoozed"}, {"snoozed"}),
        ({"view": "inform"}, {"untold"}),
        ({"view": "done"}, {"told", "untold", "unreached", "calmed", "withdrawn"}),
        ({"view": "nonsense"}, {"open", "mine", "woken"}),
        ({"severity": "critical"}, {"open"}),
        ({"stage": "acknowledged"}, {"mine"}),
        ({"brand": "B", "channel": "chat"}, {"mine"}),
        ({"brand": "A", "channel": "chat"}, set()),
    ],
)
def test_views_and_filters(query: dict[str, str], shown: set[str]) -> None:
    selection = select(ALL, query_of(query), "ayşe", NOW)
    assert {one.alert.id for one in selection.shown} == shown
    assert selection.counts == {
        "todo": 3,
        "danger": 0,
        "mine": 2,
        "snoozed": 1,
        "inform": 1,
        "done": 5,
    }
    assert selection.options["brand"] == sorted({"A", "B"}) or query.get("view")


@pytest.mark.parametrize(
    ("limit", "shown"), [("", 50), ("80", 80), ("9", 50), ("99999999999", 50), ("-1", 50)]
)
def test_a_page_has_a_bounded_number_of_alerts(limit: str, shown: int) -> None:
    many = [item(f"a{number}") for number in range(100)]
    selection = select(many, query_of({"limit": limit}), "ayşe", NOW)
    assert (len(selection.shown), selection.total) == (shown, 100)


def test_an_address_says_what_differs_from_the_first_page() -> None:
    choice = InboxQuery(brand="Mavi Hat & Co", view="mine")
    assert choice.address() == "view=mine&brand=Mavi+Hat+%26+Co"
    assert choice.address(view="todo", brand="") == ""


@pytest.mark.parametrize(
    ("form", "request_"),
    [
        ({"do": "acknowledge"}, ActionRequest("acknowledge")),
        ({"do": "assign"}, ActionRequest("assign", assignee="ayşe")),
        ({"do": "snooze:30"}, ActionRequest("snooze", until=NOW + 30 * MINUTE)),
        ({"do": "contact"}, ActionRequest("contact")),
        (
            {"do": "resolve", "outcome": "lost", "note": " Gitti. "},
            ActionRequest("resolve", outcome="lost", note="Gitti."),
        ),
        ({"do": "inform"}, ActionRequest("inform")),
        ({"do": "note", "note": "Aradı."}, ActionRequest("note", note="Aradı.")),
        ({"do": "undo:x-1"}, ActionRequest("undo", undoes="x-1")),
    ],
)
def test_each_button_is_an_action(form: dict[str, str], request_: ActionRequest) -> None:
    assert request_of(form, "ayşe", NOW) == request_


@pytest.mark.parametrize(
    "form",
    [
        *({}, {"do": "burn"}, {"do": "resolve"}, {"do": "resolve", "outcome": "won"}),
        *({"do": "snooze:0"}, {"do": "snooze:99999999"}, {"do": "snooze:²"}, {"do": "undo"}),
        {"do": "note", "note": " "},
    ],
)
def test_what_is_no_button_of_ours_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(Refused):
        request_of(form, "ayşe", NOW)


def test_only_ones_own_last_action_can_be_undone() -> None:
    acknowledged, contacted = action("acknowledge", minutes_ago=5), action("contact")
    both = InboxItem(case(alert()), (alert(),), (contacted, acknowledged))
    assert both.undoable("ayşe") == contacted
    assert both.undoable("mehmet") is None
    undone = action("undo", minutes_ago=0, undoes=contacted.action_id)
    assert InboxItem(case(alert()), (alert(),), (undone, contacted)).undoable("ayşe") is None
    assert InboxItem(case(alert()), (alert(),), (action("note"),)).undoable("ayşe") is None


def test_the_sla_that_runs_is_shown() -> None:
    soon, later = NOW + MINUTE, NOW + 5 * MINUTE
    assert item(stage="open", acknowledge_due=soon, contact_due=later).due == ("acknowledge", soon)
    taken = item(stage="acknowledged", acknowledge_due=soon, contact_due=later)
    assert taken.due == ("contact", later)
    assert item(stage="contacted", contact_due=later).due is None
