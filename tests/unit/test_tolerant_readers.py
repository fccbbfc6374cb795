"""What a newer version says is read by every role and the board, and goes on as it was said."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.record import sort
from agents.runtime.grouping import group_by_customer
from agents.runtime.messages import (
    Message,
    decode_as,
    partition_of,
    read_action,
    read_alert,
    read_case,
)
from agents.understand import interpret, outgoing
from pipeline.board.inbox.feed import take
from pipeline.board.inbox.live import Live
from pipeline.config.groups import ROOT
from pipeline.contracts.topology import ACTIONS, ALERTS, CASES, DEAD_LETTERS, FOLLOW_UPS, SCORED
from pipeline.detection.entry import entry_of
from pipeline.follow_up.state import FollowUpState, ReceivedChange, apply_changes
from pipeline.ingest.decode import decode_event, encode_event, parse_event
from pipeline.ingest.unknown import closest, unknown_choices
from pipeline.model.dead_letter import Invalid, Reason
from pipeline.model.event import AuthorType, Event, Metric, Score
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from pipeline.notify.due import deliveries
from pipeline.notify.fold import fold
from pipeline.notify.messages import render
from pipeline.notify.thread import NotificationState
from pipeline.text.open import load_engine
from pipeline.text.reader import Reader
from tests.support.customers import Customer
from tests.support.follow_ups import SLA
from tests.support.notify_cases import MONDAY_NOON, Published, alert, desk, follow_up

ADDED = "added_later.by_a_newer_version"
TIER = {"name": "gold", "since": [2026, 1.5, None]}
CHOICES = frozenset(
    {
        *("type", "author_type", "metric", "label", "severity", "state"),
        *("kind", "stage", "outcome", "end", "reason"),
    }
)
"""The fields of all topics whose choices are open."""
NOW = datetime(2026, 6, 1, tzinfo=UTC)
READER = Reader(load_engine("fast"))
CONTACT = {
    "event_id": "e1",
    "occurred_at": "2026-03-02T10:00:00+03:00",
    "customer_id": "m-1",
    "channel": "chat",
    "type": "message",
    "text": "Bir daha asla almam, rezalet!",
}


def newer(value: Any) -> Any:
    """A message whose open choices all have another value, and whose objects another field."""
    if isinstance(value, list):
        return [newer(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {"tier": TIER} | {
        name: inner
        if name in ("attributes", "titles", "ending")
        else ADDED
        if name in CHOICES and isinstance(inner, str)
        else newer(inner)
        for name, inner in value.items()
    }


def examples(*topics: str) -> list[Message]:
    """The examples of the topics, as a newer version would send them."""
    found = []
    for topic in topics:
        for path in sorted((ROOT / "schemas" / topic / "examples").glob("*.json")):
            content = newer(json.loads(path.read_bytes()))
            key = str(content.get("customer_id") or content.get("subject")).encode()
            place = partition_of(key, 4)
            value = json.dumps(content).encode()
            found.append(Message(topic, place, len(found), key, value, NOW, NOW))
    return found


def test_record_has_a_dead_letter_of_none_of_them() -> None:
    topics = (SCORED, ALERTS, ACTIONS, FOLLOW_UPS, DEAD_LETTERS)
    batch = sort(examples(*topics))
    assert batch.dead == []
    assert {str(one.event.type) for one in batch.scored} == {ADDED}
    assert {one.state for one in batch.alerts} == {one.kind for one in batch.actions} == {ADDED}
    assert {one.stage for one in batch.follow_ups} == {ADDED}
    assert {str(one.reason) for one in batch.letters} == {ADDED}
    for data in (*batch.alerts_as_sent, *batch.follow_ups_as_sent):
        assert json.loads(data)["tier"] == TIER


def test_follow_up_follows_an_alert_in_an_unknown_state_and_passes_over_unknown_actions() -> None:
    read: dict[str, Any] = {
        ALERTS: lambda message: ReceivedChange(read_alert(message), NOW),
        ACTIONS: lambda message: ReceivedChange(read_action(message, lambda _: True), NOW),
    }
    batch = group_by_customer(examples(ALERTS, ACTIONS), read, 4)
    assert not batch.dead
    states = [apply_changes(FollowUpState(), mine, SLA) for mine in batch.changes.values()]
    event, *_ = [event for state in states for event in state.due]
    assert (event.data.stage, event.data.severity) == ("open", ADDED)
    again = msgspec.json.decode(msgspec.json.encode(states), type=list[FollowUpState])
    assert again == states


def test_notify_tells_of_an_unknown_severity_by_its_name(tmp_path: Path) -> None:
    read: dict[str, Any] = {ALERTS: read_alert, CASES: read_case}
    batch = group_by_customer(examples(ALERTS, CASES), read, 4)
    assert not batch.dead
    table = desk(tmp_path)._replace(max_age=NOW - datetime(2026, 1, 1, tzinfo=UTC))
    changes = [change for mine in batch.changes.values() for change in mine]
    state = fold(NotificationState(), changes, table, NOW)
    told = [
        render(case, delivery, "en", "http://board").title
        for case in state.threads
        for delivery in deliveries(case, table, ["am", "phone", "chat", "duty"])
    ]
    assert told
    assert all(ADDED in title for title in told)
    assert msgspec.json.decode(msgspec.json.encode(state), type=NotificationState) == state


def test_notify_tells_of_an_unknown_outcome_by_its_name(tmp_path: Path) -> None:
    ended = follow_up(2, stage="resolved", outcome=ADDED)
    table = desk(tmp_path)
    state = fold(NotificationState(), Published()(alert(), ended), table, MONDAY_NOON)
    (case,) = state.threads
    (delivery, *_) = deliveries(case, table, ["am"])
    for language in ("tr", "en"):
        assert ADDED in render(case, delivery, language, "http://board").body


def test_the_inbox_keeps_what_is_in_an_unknown_state() -> None:
    live = Live()
    messages = examples(ALERTS, CASES, ACTIONS)
    take([(message.topic, message.value or b"") for message in messages], live)
    (alert,) = sort(examples(ALERTS)).alerts
    item = live.get(alert.id)
    assert item is not None
    assert (item.alert, item.ended, item.stage) == (alert, False, ADDED)


def test_detect_remembers_an_unknown_type_and_draws_nothing_from_it() -> None:
    customer = Customer()
    read = decode_as(Scored)
    for message in examples(SCORED):
        assert customer.receive(read(message)) == []


def sent(**fields: object) -> bytes:
    return json.dumps({**CONTACT, **fields}, ensure_ascii=False).encode()


def understood(value: bytes) -> Scored:
    """What `understand` sends to `cx.scored`, as a reader of it has it."""
    message = Message("cx.interactions", 0, 0, b"m-1", value, NOW, NOW)
    (scored,), dead = interpret([message], READER, NOW, 10.0)
    assert not dead
    return msgspec.json.decode(outgoing(scored).value, type=Scored)


def test_an_unknown_type_is_read_and_passed_on_but_counts_nowhere() -> None:
    scored = understood(sent(type="loyalty.joined"))
    assert (str(scored.event.type), scored.counted) == ("loyalty.joined", False)
    assert scored.reading is not None
    assert understood(sent()).counted


def test_an_unknown_author_is_no_customer() -> None:
    scored = understood(sent(author_type="partner"))
    assert scored.event.author_type == "partner"
    entry = entry_of(scored)
    assert (entry.author_type, entry.label, entry.is_contact) == ("partner", "", False)


def test_a_score_of_an_unknown_metric_is_neither_good_nor_bad() -> None:
    for value in (0, 5, 10):
        score = {"metric": "trust", "value": value, "scale_min": 0, "scale_max": 10}
        passed_on = understood(sent(type="survey", score=score)).event.score
        assert passed_on == Score(Metric("trust"), value, 0, 10)
        assert not passed_on.is_good
        assert not passed_on.is_bad


def test_unknown_fields_become_attributes_and_are_masked() -> None:
    score = {"metric": "nps", "value": 3, "scale_min": 0, "scale_max": 10, "question": "q7"}
    value = sent(
        type="survey",
        score=score,
        tier={"name": "gold"},
        mobile="0532 123 45 67",
        brand="Acme",
        visits=3,
        attributes={"visits": 4, "colour": "red"},
    )
    assert understood(value).event.attributes == {
        "tier": '{"name": "gold"}',
        "mobile": "[PHONE*******]",
        "visits": 4,
        "colour": "red",
        "score.question": "q7",
    }


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
NAMES = st.text(min_size=1).filter(lambda name: name not in Event.__struct_fields__)


@given(st.dictionaries(NAMES, scalars | st.lists(scalars) | st.dictionaries(st.text(), scalars)))
def test_whatever_is_unknown_is_kept_and_kept_again(unknown: dict[str, Any]) -> None:
    event = decode_event(json.dumps(CONTACT | unknown).encode(), b"m-1", now=NOW)
    assert decode_event(encode_event(event), b"m-1", now=NOW) == event
    assert event.attributes.keys() == unknown.keys()
    for name, value in unknown.items():
        kept = event.attributes[name]
        if isinstance(value, list | dict):
            assert json.loads(str(kept)) == value
        elif isinstance(value, int) and not -(2**63) <= value < 2**64:
            assert kept == str(value)
        else:
            assert kept == value


@pytest.mark.parametrize(
    ("fields", "reason", "words"),
    [
        ({"type": "mesage"}, Reason.UNKNOWN_TYPE, "did you mean message?"),
        ({"type": "loyalty.joined"}, Reason.UNKNOWN_TYPE, "docs/events.md"),
        ({"author_type": "agnt"}, Reason.WRONG_TYPE, "bot, system: did you mean agent?"),
    ],
)
def test_in_a_file_an_unknown_choice_is_taken_for_a_mistake(
    fields: dict[str, str], reason: Reason, words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        parse_event(sent(**fields))
    assert caught.value.reason is reason
    assert words in caught.value.detail


def test_a_closed_choice_that_is_wrong_is_told_of_in_a_whole_sentence() -> None:
    (message,) = examples(ALERTS)
    wrong = (message.value or b"").replace(b'"specversion": "1.0"', b'"specversion": "2.0"')
    with pytest.raises(Invalid) as caught:
        read_alert(message._replace(value=wrong))
    assert str(caught.value) == ("`specversion` is not one of the allowed values: see schemas/.")


def test_the_closest_known_choice_is_told() -> None:
    assert closest(EventType("ticket.closed")) == "ticket.opened"
    assert closest(AuthorType("zzz")) is None
    event = decode_event(sent(type="mesage", author_type="bott"), b"m-1", now=NOW)
    assert [*unknown_choices(event)] == [("type", "mesage"), ("author_type", "bott")]
