"""What fills the inbox: messages of the topics, and the store."""

from datetime import timedelta

import msgspec

from pipeline.alert import to_cloudevent
from pipeline.board.feed import load, take
from pipeline.board.live import KEPT, Live
from pipeline.chain import ACTIONS, ALERTS, FOLLOW_UPS
from pipeline.follow_up.case import event_of
from tests.company import Company
from tests.unit.board import NOW, action, alert, follow_up


def test_messages_of_the_three_topics_are_taken_and_others_passed_over() -> None:
    live = Live()
    opened = alert("6f1d0b5a-0000-4000-8000-000000000001")
    acknowledged = follow_up(opened, stage="acknowledged", owner="ayşe")
    take(
        [
            (ACTIONS, msgspec.json.encode(action("acknowledge", alert_id=opened.id))),
            (FOLLOW_UPS, msgspec.json.encode(event_of(acknowledged, "acknowledged"))),
            (ALERTS, b"{"),
            (ALERTS, to_cloudevent(opened)),
            (FOLLOW_UPS, b"\xff"),
            (ACTIONS, b"[]"),
        ],
        live,
    )
    found = live.get(opened.id)
    assert found is not None
    assert (found.stage, found.owner, len(found.actions)) == ("acknowledged", "ayşe", 1)


def test_the_store_fills_the_inbox_with_alerts_whose_follow_up_is_newer_than_they() -> None:
    class Store(Company):
        """Gives no alert but by its id: all are older than what is loaded."""

        def alerts(self, **asked: object) -> list:  # type: ignore[type-arg]
            return super().alerts(**asked) if asked.get("ids") else []  # type: ignore[arg-type]

    store = Store(lambda: NOW)
    store.happen([alert(minutes_ago=2 * KEPT / timedelta(minutes=1))])
    live = Live()
    load(store, live, NOW)  # type: ignore[arg-type]
    assert [one.alert.id for one in live.ranked(NOW)] == ["a1"]
