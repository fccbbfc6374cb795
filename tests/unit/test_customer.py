import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alert import Alert
from pipeline.detection.customer import (
    Arrival,
    CustomerState,
    StateError,
    apply,
    decode_state,
    encode_state,
    risk_at,
    state_digest,
)
from pipeline.detection.entry import DAY
from pipeline.detection.fold import decay
from pipeline.detection.rules import load_rules
from pipeline.event import AuthorType, Event, EventType, Metric, Score
from pipeline.reading import Intent, Label, Probabilities, Reading, Scored
from pipeline.settings import ROOT, DetectSettings

RULES = load_rules(ROOT / "rules")
SETTINGS = DetectSettings()
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
STATE_BOUND = 80 * 1024
"""Bytes of an encoded state, with identifiers of up to 40 characters."""

TEXT = "Üç gündür bekliyorum. Bir daha almam sizden! Yazık."
CHURN = Intent("churn", 22, 36)


def reading(label: Label, intensity: float = 0.5, *intents: Intent) -> Reading:
    shares = {"negative": 0.05, "neutral": 0.05, "positive": 0.05, label: 0.9}
    return Reading(label, Probabilities(**shares), intensity, "tr", "test", "1", intents)


def event(
    name: str, type_: EventType, hours: float, said: Reading | None = None, **fields: object
) -> Scored:
    """An event `hours` after the start; with a reading it has a text."""
    at = START + timedelta(hours=hours)
    base = {"channel": "chat", "text": TEXT if said else None, **fields}
    return Scored(Event(name, at, "c1", type=type_, **base), said, at)  # type: ignore[arg-type]


def csat(name: str, hours: float, value: float) -> Scored:
    return event(name, EventType.SURVEY, hours, score=Score(Metric.CSAT, value, 1, 5))


def resolved(name: str, hours: float) -> Scored:
    return event(name, EventType.TICKET_RESOLVED, hours, ticket_id="T1")


def leaving(name: str, hours: float) -> Scored:
    return event(name, EventType.MESSAGE, hours, reading("negative", 0.5, CHURN))


class Customer:
    """Applies batches as the agent does, through the encoded state."""

    def __init__(self, max_events: int = 50) -> None:
        self.settings = DetectSettings(max_events=max_events)
        self.encoded = b""
        self.offset = 0
        self.published: list[Alert] = []

    def receive(self, *batch: Scored) -> list[Alert]:
        arrivals = [Arrival(one, 0, self.offset + i) for i, one in enumerate(batch)]
        self.offset += len(batch)
        return self.deliver(arrivals)

    def deliver(self, arrivals: Sequence[Arrival]) -> list[Alert]:
        before = decode_state(self.encoded) if self.encoded else None
        state, alerts = apply(before, arrivals, RULES, self.settings)
        self.encoded = encode_state(state)
        self.published += alerts
        return alerts

    @property
    def state(self) -> CustomerState:
        return decode_state(self.encoded)

    def alerts(self) -> dict[str, Alert]:
        """The last published state of each alert, without what depends on the batches."""
        latest = {alert.id: alert for alert in self.published}
        return {
            id_: msgspec.structs.replace(alert, revision=1)
            for id_, alert in latest.items()
            if alert.state != "withdrawn"
        }


def test_an_alert_shows_what_caused_it() -> None:
    customer = Customer()
    (alert,) = customer.receive(
        event("e1", EventType.MESSAGE, 0, reading("negative", 0.5, CHURN), brand="b", segment="s")
    )
    (evidence,) = alert.evidence
    assert (evidence.event_id, evidence.quote) == ("e1", "Bir daha almam")
    assert evidence.quote == TEXT[evidence.start : evidence.end]
    assert (alert.cause, alert.severity, alert.state) == ("churn_intent", "critical", "open")
    assert alert.title == alert.titles["tr"] == "Müşteri gitmeyi düşünüyor"
    assert alert.opened_at == alert.updated_at == START
    assert alert.dedup_key == "c1/churn_intent/1"
    assert (alert.brand, alert.segment, alert.channel) == ("b", "s", "chat")
    # 1 − exp(−(0.8 + 0.2)): churn_intent and negative_message.
    assert alert.risk == pytest.approx(0.6321, abs=1e-4)
    shares = {one.rule: one.share for one in alert.contributions}
    assert shares == pytest.approx({"churn_intent": 0.8, "negative_message": 0.2})


def test_a_rule_without_an_intent_quotes_the_sentence_that_has_one() -> None:
    (alert,) = (
        one
        for one in Customer().receive(
            event("e1", EventType.COMPLAINT, 0, reading("negative", 0.5, CHURN))
        )
        if one.cause == "public_complaint"
    )
    assert alert.evidence[0].quote == "Bir daha almam sizden!"


def test_later_evidence_updates_the_alert_and_does_not_ring_again() -> None:
    customer = Customer()
    (opened,) = customer.receive(leaving("e1", 0))
    (updated,) = [one for one in customer.receive(leaving("e2", 1)) if one.cause == "churn_intent"]
    assert (updated.id, updated.revision, updated.state) == (opened.id, 2, "open")
    assert [one.event_id for one in updated.evidence] == ["e1", "e2"]
    assert updated.opened_at == opened.opened_at < updated.updated_at


def test_an_alert_keeps_its_first_and_its_newest_evidence() -> None:
    customer = Customer()
    for hour in range(15):
        customer.receive(event(f"e{hour:02}", EventType.CALL, hour, touchpoint="fatura"))
    (alert,) = customer.alerts().values()
    newest = [f"e{hour:02}" for hour in range(6, 15)]
    assert [one.event_id for one in alert.evidence] == ["e00", *newest]


def test_a_resolved_ticket_with_a_good_score_closes_the_alert_and_lowers_the_risk() -> None:
    customer = Customer()
    customer.receive(leaving("e1", 0), resolved("e2", 1))
    before, _ = risk_at(customer.state, START + timedelta(hours=2), SETTINGS)
    (closed,) = customer.receive(csat("e3", 2, 5))
    after, _ = risk_at(customer.state, START + timedelta(hours=2), SETTINGS)
    assert (closed.cause, closed.state) == ("churn_intent", "resolved")
    assert closed.closed_at == START + timedelta(hours=2)
    assert after < before / 3


def test_after_resolution_a_new_cause_opens_a_new_episode_but_not_in_the_cool_down() -> None:
    customer = Customer()
    (first,) = customer.receive(leaving("e1", 0))
    customer.receive(resolved("e2", 1), csat("e3", 2, 5))
    # The rule cools down for a day.
    assert "churn_intent" not in {one.cause for one in customer.receive(leaving("e4", 20))}
    (second,) = [one for one in customer.receive(leaving("e5", 30)) if one.cause == "churn_intent"]
    assert (second.dedup_key, second.revision) == ("c1/churn_intent/2", 1)
    assert second.id != first.id


def test_a_late_event_that_removes_the_cause_withdraws_the_alert() -> None:
    customer = Customer()
    contacts = [event(f"e{i}", EventType.CALL, i, touchpoint="fatura") for i in range(3)]
    (alert,) = customer.receive(*contacts)
    assert [one.event_id for one in alert.evidence] == ["e0", "e1", "e2"]
    (withdrawn,) = customer.receive(
        event("late", EventType.TICKET_RESOLVED, 1.5, touchpoint="fatura")
    )
    assert (withdrawn.id, withdrawn.state, withdrawn.revision) == (alert.id, "withdrawn", 2)
    assert withdrawn.evidence == ()
    (again,) = customer.receive(
        event("e3", EventType.CALL, 3, touchpoint="fatura"),
        contacts[2],
        event("e4", EventType.CALL, 4, touchpoint="fatura"),
    )
    assert (again.id, again.state, again.revision) == (alert.id, "open", 3)


def test_a_higher_revision_replaces_the_event() -> None:
    customer = Customer()
    (alert,) = customer.receive(csat("e1", 0, 1))
    mended = msgspec.structs.replace(csat("e1", 0, 4).event, revision=1)
    (withdrawn,) = customer.receive(Scored(mended, None, START))
    assert (withdrawn.id, withdrawn.state) == (alert.id, "withdrawn")
    assert customer.receive(csat("e1", 0, 1)) == []


def test_the_first_of_two_events_with_one_id_and_revision_counts() -> None:
    customer = Customer()
    customer.receive(csat("e1", 0, 1))
    assert customer.receive(csat("e1", 0, 5)) == []
    assert customer.state.log.entries()[0].score == 1


def test_a_message_at_an_offset_already_applied_is_not_looked_at() -> None:
    customer = Customer()
    customer.deliver([Arrival(csat("e1", 0, 5), 0, 7)])
    assert customer.deliver([Arrival(leaving("e2", 1), 0, 7)]) == []
    assert [one.cause for one in customer.deliver([Arrival(leaving("e2", 1), 0, 8)])] == [
        "churn_intent"
    ]


def test_events_in_the_log_are_judged_anew_when_the_settings_change() -> None:
    customer = Customer()
    customer.receive(leaving("e1", 0))
    customer.settings = DetectSettings(risk_threshold=0.5)
    (alert,) = customer.receive(event("e2", EventType.VISIT, 1))
    assert (alert.cause, alert.opened_at) == ("risk_over_threshold", START)


def test_agents_words_are_not_the_customers() -> None:
    said = leaving("e1", 0)
    by_agent = msgspec.structs.replace(said.event, author_type=AuthorType.AGENT)
    assert Customer().receive(Scored(by_agent, said.reading, START)) == []


READINGS = st.sampled_from(
    [None, reading("negative", 0.95), reading("negative", 0.5, CHURN), reading("positive", 0.4)]
)


@st.composite
def histories(draw: st.DrawFn) -> list[Scored]:
    """Up to 12 events of one customer, many of them at the same time or on one topic."""
    events = []
    for index in range(draw(st.integers(1, 12))):
        type_ = draw(
            st.sampled_from(
                [
                    EventType.MESSAGE,
                    EventType.CALL,
                    EventType.COMPLAINT,
                    EventType.SURVEY,
                    EventType.TICKET_RESOLVED,
                    EventType.OUTAGE_STARTED,
                    EventType.OUTAGE_ENDED,
                ]
            )
        )
        score = Score(Metric.CSAT, float(draw(st.integers(1, 5))), 1, 5)
        events.append(
            event(
                f"e{index}",
                type_,
                draw(st.integers(0, 40)) * 6,
                draw(READINGS),
                channel=draw(st.sampled_from(["chat", "phone", "e-mail"])),
                ticket_id=draw(st.sampled_from([None, "T1"])),
                score=score if type_ is EventType.SURVEY else None,
            )
        )
    return events


@settings(max_examples=60, deadline=None)
@given(history=histories(), seed=st.integers(0, 2**32))
def test_order_batches_and_duplicates_do_not_matter(history: list[Scored], seed: int) -> None:
    in_order = Customer()
    for scored in sorted(history, key=lambda one: (one.event.occurred_at, one.event.event_id)):
        in_order.receive(scored)
    dice = random.Random(seed)
    shuffled = Customer()
    arriving = history + dice.choices(history, k=3)
    dice.shuffle(arriving)
    while arriving:
        size = dice.randint(1, 4)
        shuffled.receive(*arriving[:size])
        del arriving[:size]
    assert shuffled.alerts() == in_order.alerts()
    assert state_digest(shuffled.state) == state_digest(in_order.state)


@settings(max_examples=30, deadline=None)
@given(history=histories(), ahead=st.sets(st.integers(0, 11)), lead=st.integers(0, 12))
def test_what_came_ahead_of_its_turn_changes_nothing_when_its_turn_comes(
    history: list[Scored], ahead: set[int], lead: int
) -> None:
    history.sort(key=lambda one: (one.event.occurred_at, one.event.event_id))
    in_turn, with_urgent = Customer(), Customer()
    for place, scored in enumerate(history):
        in_turn.receive(scored)
        urgent = [history[i] for i in ahead if i < len(history) and place == max(0, i - lead)]
        for one in urgent:
            with_urgent.deliver([Arrival(one, 0, None)])
        with_urgent.receive(scored)
    assert with_urgent.alerts() == in_turn.alerts()
    assert state_digest(with_urgent.state) == state_digest(in_turn.state)


@settings(max_examples=30, deadline=None)
@given(history=histories(), tail=st.integers(0, 12), size=st.integers(1, 5))
def test_redelivery_publishes_nothing(history: list[Scored], tail: int, size: int) -> None:
    customer = Customer(max_events=10)
    arrivals = [Arrival(scored, 3, 100 + i) for i, scored in enumerate(history)]
    for start in range(0, len(arrivals), size):
        customer.deliver(arrivals[start : start + size])
    before = customer.encoded
    for arrival in arrivals[tail:]:
        assert customer.deliver([arrival]) == []
    assert customer.encoded == before


@settings(max_examples=25, deadline=None)
@given(history=histories(), size=st.integers(1, 12))
def test_an_event_sent_twice_counts_once_after_it_left_the_log(
    history: list[Scored], size: int
) -> None:
    history.sort(key=lambda one: (one.event.occurred_at, one.event.event_id))
    customer = Customer(max_events=10)
    filler = [event(f"f{i}", EventType.VISIT, 241 + i) for i in range(10)]
    for scored in [*history, *filler]:
        customer.receive(scored)
    digest = state_digest(customer.state)
    assert customer.receive(*history) == []
    assert state_digest(customer.state) == digest


@settings(max_examples=25, deadline=None)
@given(history=histories())
def test_what_left_the_log_is_folded_as_if_it_had_stayed(history: list[Scored]) -> None:
    history.sort(key=lambda one: (one.event.occurred_at, one.event.event_id))
    short, long = Customer(max_events=10), Customer(max_events=50)
    filler = [event(f"f{i}", EventType.VISIT, 241 + i) for i in range(5)]
    for scored in [*history, *filler]:
        short.receive(scored)
        long.receive(scored)
    assert short.alerts() == long.alerts()
    assert short.state.head.loads == long.state.head.loads


def test_an_event_older_than_the_log_counts_at_its_start() -> None:
    customer = Customer(max_events=10)
    customer.receive(*(event(f"f{i}", EventType.VISIT, 100 + i) for i in range(15)))
    (alert,) = customer.receive(leaving("late", 0))
    assert alert.opened_at == START + timedelta(hours=104)
    assert alert.evidence[0].quote == "Bir daha almam"
    assert customer.receive(leaving("late", 0)) == []


def test_a_long_history_has_a_bounded_state_and_a_replay_of_it_rings_nothing() -> None:
    dice = random.Random(7)
    types = [
        EventType.MESSAGE,
        EventType.CALL,
        EventType.COMPLAINT,
        EventType.TICKET_RESOLVED,
        EventType.SURVEY,
    ]
    history = [
        event(
            f"{index:040d}",
            dice.choice(types),
            index,
            reading("negative", 0.95, CHURN),
            score=Score(Metric.CSAT, dice.choice([1, 5]), 1, 5),
            ticket_id=f"{index:040d}",
            order_id=f"{index:040d}",
            attributes={"promised_at": "2026-03-04T10:00:00Z"},
        )
        for index in range(3_000)
    ]
    customer = Customer()
    largest = 0
    for start in range(0, len(history), 100):
        customer.receive(*history[start : start + 100])
        largest = max(largest, len(customer.encoded))
    assert largest <= STATE_BOUND
    assert {alert.state for alert in customer.published} == {"open", "resolved"}
    for start in range(0, len(history), 500):
        assert customer.receive(*history[start : start + 500]) == []


@given(
    loads=st.dictionaries(st.sampled_from("abc"), st.floats(0.1, 10)),
    first=st.integers(0, 20 * DAY),
    second=st.integers(0, 20 * DAY),
)
def test_decay_in_two_parts_equals_decay_at_once(
    loads: dict[str, float], first: int, second: int
) -> None:
    parts = decay(decay(loads, first, 7), second, 7)
    whole = decay(loads, first + second, 7)
    for rule in loads:
        # Below a thousandth a load is forgotten.
        assert parts.get(rule, 0) == pytest.approx(whole.get(rule, 0), abs=1.1e-3)


def test_a_load_halves_in_a_half_life() -> None:
    assert decay({"a": 0.8}, 7 * DAY, 7)["a"] == pytest.approx(0.4)


def test_a_state_of_another_format_is_refused() -> None:
    customer = Customer()
    customer.receive(leaving("e1", 0))
    with pytest.raises(StateError, match="format 9, this version reads 2"):
        decode_state(b"\x09" + customer.encoded[1:])
    with pytest.raises(StateError, match="damaged"):
        decode_state(customer.encoded[:-3])
