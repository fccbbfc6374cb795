"""An event that is taken back, from role to role: read, detected, recorded, shown on the board."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agents.runtime.messages import Message
from agents.understand import interpret
from pipeline.board.inbox.live import Live
from pipeline.follow_up.state import FollowUpState, ReceivedChange, apply_changes
from pipeline.kpi.definitions import Window
from pipeline.store import Store
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.contract.conftest import ON_CHDB
from tests.support.customers import Customer
from tests.support.follow_ups import SLA

pytestmark = ON_CHDB

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
WINDOW = Window(AT - timedelta(hours=1), AT + timedelta(hours=1))
COMPLAINT = {
    "event_id": "e1",
    "occurred_at": AT.isoformat(),
    "channel": "sikayetvar",
    "type": "complaint",
}
WORDS = {"text": "Rezalet! Aboneliğimi iptal ediyorum.", "ticket_id": "T1"}


class Chain:
    """Every role's function in turn, for the customers of one partition."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.live = Live()
        self.reader = Reader(load_engine("fast"))
        self.customers = {"m-1": Customer(), "m-2": Customer()}
        self.states = dict.fromkeys(self.customers, FollowUpState())

    def send(self, customer_id: str, **fields: Any) -> None:
        value = msgspec.json.encode({"customer_id": customer_id, **COMPLAINT, **fields})
        message = Message("cx.feedback", 0, 0, customer_id.encode(), value, AT, AT)
        scored, dead = interpret([message], self.reader, AT, 1.0)
        assert not dead
        alerts = self.customers[customer_id].receive(*scored)
        self.store.write_events(scored)
        self.store.write_alerts(alerts)
        changes = [ReceivedChange(alert, AT) for alert in alerts]
        state = apply_changes(self.states[customer_id], changes, SLA)
        self.states[customer_id] = state
        self.live.take(alerts, [one.case for one in state.cases])

    def complaints_of(self, customer_id: str) -> tuple[int, int, int]:
        """How many complaints count, are on the timeline, and have cases on the board."""
        values = {value.kpi: value for value in self.store.kpis(WINDOW, [], WINDOW.end)}
        items = [item for item in self.live.ranked(AT) if item.case.customer_id == customer_id]
        assert values["resolution_open"].n == values["complaints"].n
        return (
            values["complaints"].n,
            len(self.store.timeline(customer_id)),
            len([item for item in items if not item.ended]),
        )


def test_what_is_taken_back_is_gone_everywhere(store: Store) -> None:
    chain = Chain(store)
    chain.send("m-1", **WORDS)
    complaints, on_timeline, alerts = chain.complaints_of("m-1")
    assert (complaints, on_timeline) == (1, 1)
    assert alerts > 0
    chain.send("m-1", revision=1, revoked=True)
    assert chain.complaints_of("m-1") == (0, 0, 0)
    chain.send("m-1", **WORDS)  # delivered again, late
    assert chain.complaints_of("m-1") == (0, 0, 0)


def test_who_takes_back_need_not_know_when_it_was(store: Store) -> None:
    chain = Chain(store)
    chain.send("m-1", **WORDS)
    later = (AT + timedelta(minutes=8)).isoformat()
    chain.send("m-1", revision=7, revoked=True, occurred_at=later, type="message")
    assert chain.complaints_of("m-1") == (0, 0, 0)
    chain.send("m-1", **WORDS)
    assert chain.complaints_of("m-1") == (0, 0, 0)


def test_what_was_booked_on_the_wrong_customer_goes_to_the_right_one(store: Store) -> None:
    chain = Chain(store)
    chain.send("m-1", **WORDS)
    booked = chain.complaints_of("m-1")
    chain.send("m-1", revision=1, revoked=True)
    chain.send("m-2", revision=2, **WORDS)
    assert chain.complaints_of("m-1") == (1, 0, 0)
    assert chain.complaints_of("m-2") == booked
