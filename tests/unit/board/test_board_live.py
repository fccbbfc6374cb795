"""What the inbox keeps of alerts, cases and actions, in whatever order they come."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.board.inbox.item import InboxItem
from pipeline.board.inbox.live import KEPT, Live
from pipeline.board.inbox.query import query_of, select
from tests.support.board_items import MINUTE, NOW, action, alert, case

CHANGES = [
    {"alerts": [alert(revision=1)]},
    {"alerts": [alert(revision=2, risk=0.9)]},
    {"cases": [case(alert(), revision=1)]},
    {"cases": [case(alert(), revision=2, stage="acknowledged", owner="ayşe")]},
    {"actions": [action("acknowledge", minutes_ago=5, alert_id="case-a1")]},
    {"actions": [action("contact", minutes_ago=1)]},
]


@given(st.lists(st.sampled_from(CHANGES), max_size=10).map(lambda some: [*some, *CHANGES]))
def test_late_repeated_and_disordered_messages_lead_to_the_same_item(
    messages: list[dict[str, Any]],
) -> None:
    live = Live()
    for message in messages:
        live.take(**message)
    assert live.get("a1") == InboxItem(
        case(alert(), revision=2, stage="acknowledged", owner="ayşe"),
        (alert(revision=2, risk=0.9),),
        (
            action("contact", minutes_ago=1),
            action("acknowledge", minutes_ago=5, alert_id="case-a1"),
        ),
    )
    version = live.version
    for message in messages:
        live.take(**message)
    assert live.version == version, "what is known changes nothing"


@given(st.permutations(CHANGES))
def test_the_order_of_messages_does_not_matter(messages: list[dict[str, Any]]) -> None:
    live = Live()
    for message in messages:
        live.take(**message)
    found = live.get("a1")
    assert found is not None
    assert (found.alert.revision, found.stage, len(found.actions)) == (2, "acknowledged", 2)


def test_what_ended_days_ago_leaves_the_inbox_and_what_waits_stays() -> None:
    live = Live()
    long_ago = NOW - KEPT - MINUTE
    old = alert("old", updated_at=long_ago, state="resolved")
    waits = alert("waits", updated_at=long_ago)
    untold = alert("untold")
    live.take([old, waits, untold, alert("alone", updated_at=long_ago)])
    live.take(
        cases=[
            case(old, stage="resolved"),
            case(waits),
            case(untold, stage="resolved", outcome="rescued", updated_at=long_ago),
            case(alert("gone"), updated_at=long_ago),
        ],
        actions=[action("contact", minutes_ago=2 * KEPT / MINUTE, alert_id="gone")],
    )
    live.forget(NOW)
    assert {one.alert.id for one in live.ranked(NOW)} == {"waits", "untold"}
    assert live.incomplete() == live.without_case() == []
    assert not live.knows("alone")


def test_a_customer_has_one_card_with_all_causes_the_gravest_first() -> None:
    grave, light = alert("a1", severity="critical", risk=0.4), alert("a2", severity="low", risk=0.8)
    live = Live()
    live.take([light, grave], [case(grave, light)], [action("note", alert_id="a2")])
    (one,) = live.ranked(NOW)
    assert (one.alert.id, one.severity, one.risk) == ("a1", "critical", 0.8)
    assert live.get("a1") is live.get("a2") is live.get("case-a1") is one
    assert [each.alert_id for each in one.actions] == ["a2"]
    counts = select([one], query_of({"cause": light.cause}), "ayşe", NOW)
    assert (len(counts.shown), counts.counts["todo"]) == (1, 1)


def test_a_button_is_refused_once_a_cause_has_joined() -> None:
    first, second = alert("a1"), alert("a2")
    before, after = InboxItem(case(first), (first,)), InboxItem(case(first, second), (first,))
    assert before.seen != after.seen
