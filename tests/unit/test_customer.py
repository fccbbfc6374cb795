import shutil
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from pipeline.config.groups import ROOT, DetectSettings
from pipeline.detection.assessment import risk_of
from pipeline.detection.customer import Arrival, StateError, apply, decode_state, risk_at
from pipeline.detection.entry import DAY
from pipeline.detection.fold import decay
from pipeline.detection.rules import RuleSet, load_rules
from pipeline.model.event import AuthorType
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import (
    CHURN,
    RULES,
    SETTINGS,
    START,
    TEXT,
    Customer,
    csat,
    event,
    leaving,
    promised,
    reading,
    resolved,
)


def test_an_alert_shows_what_caused_it() -> None:
    customer = Customer()
    (alert,) = customer.receive(
        event("e1", EventType.MESSAGE, 0, reading("negative", 0.5, CHURN), brand="b", segment="s")
    )
    (evidence,) = alert.evidence
    assert (evidence.event_id, evidence.quote) == ("e1", "Bir daha almam sizden!")
    assert evidence.quote == TEXT[evidence.start : evidence.end]
    assert (alert.cause, alert.severity, alert.state) == ("churn_intent", "critical", "open")
    assert alert.title == alert.titles["tr"] == "Müşteri gitmeyi düşünüyor"
    assert alert.opened_at == alert.updated_at == START
    assert alert.dedup_key == "c1/churn_intent/20514"
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
    before, _ = risk_at(customer.state, START, SETTINGS)
    (closed,) = customer.receive(csat("e3", 2, 5))
    after, _ = risk_at(customer.state, START, SETTINGS)
    assert (closed.cause, closed.state) == ("churn_intent", "resolved")
    assert closed.closed_at == START + timedelta(hours=2)
    assert closed.ended_by == "solved_and_content"
    assert closed.ending == {
        "tr": "Sorun çözüldü, müşteri memnun",
        "en": "Solved, and the customer is content",
    }
    assert after < before / 3


@pytest.mark.parametrize(
    ("opening", "closing", "ended_by", "ending"),
    [
        (EventType.OUTAGE_STARTED, EventType.OUTAGE_ENDED, "outage_over", "The outage is over"),
        (None, EventType.VISIT, "risk_calmed", "The customer is back to ordinary life"),
    ],
)
def test_why_an_alert_ended_is_told_in_words(
    opening: EventType | None, closing: EventType, ended_by: str, ending: str
) -> None:
    customer = Customer()
    if opening:
        customer.receive(event("e1", opening, 0))
    else:
        customer.receive(*(csat(f"e{number}", number, 1) for number in range(4)))
    (closed,) = customer.receive(event("end", closing, 60 * 24))
    assert (closed.state, closed.ended_by) == ("resolved", ended_by)
    assert closed.why_ended("en").startswith(ending)


def rules_without(folder: Path, *names: str) -> RuleSet:
    for path in (ROOT / "rules").glob("*.yaml"):
        if path.stem not in names:
            shutil.copy(path, folder)
    return load_rules(folder)


FEW = DetectSettings(max_events=50)


@pytest.mark.parametrize("events_since", [0, 60])
def test_an_alert_whose_rule_was_removed_ends_and_says_so(
    tmp_path: Path, events_since: int
) -> None:
    """Whether the event that opened it is still in the log or has left it."""
    history = [event("e1", EventType.OUTAGE_STARTED, 0)]
    history += [event(f"v{i}", EventType.VISIT, i + 1) for i in range(events_since)]
    state, _ = apply(None, [Arrival(one, 0, i) for i, one in enumerate(history)], RULES, FEW)
    rules = rules_without(tmp_path, "outage_hits_customer", "outage_over", "solved_and_content")
    later = Arrival(event("later", EventType.VISIT, 70), 0, 100)
    state, (ended,) = apply(state, [later], rules, FEW)
    assert (ended.cause, ended.state) == ("outage_hits_customer", "withdrawn")
    assert ended.ended_by == "rules_changed"
    assert "Kural değişti" in ended.why_ended("tr")
    assert apply(state, [Arrival(event("v", EventType.VISIT, 80), 0, 101)], rules, FEW)[1] == []


def test_after_resolution_a_new_cause_opens_a_new_episode_but_not_in_the_cool_down() -> None:
    customer = Customer()
    (first,) = customer.receive(leaving("e1", 0))
    customer.receive(resolved("e2", 1), csat("e3", 2, 5))
    # The rule cools down for a day.
    assert "churn_intent" not in {one.cause for one in customer.receive(leaving("e4", 20))}
    (second,) = [one for one in customer.receive(leaving("e5", 30)) if one.cause == "churn_intent"]
    assert (second.dedup_key, second.revision) == ("c1/churn_intent/20515", 1)
    assert second.id != first.id


def test_alerts_after_a_loss_of_the_state_have_ids_of_their_own() -> None:
    customer, anew = Customer(), Customer()
    (before,) = customer.receive(leaving("e1", 0))
    (after,) = anew.receive(leaving("e2", 24))
    assert after.id != before.id


def test_an_earlier_cause_that_comes_late_keeps_the_alert_and_its_id() -> None:
    customer = Customer()
    (opened,) = customer.receive(leaving("e2", 1))
    (updated,) = [one for one in customer.receive(leaving("e1", 0)) if one.cause == "churn_intent"]
    assert (updated.id, updated.state, updated.opened_at) == (opened.id, "open", START)


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
    assert withdrawn.ended_by == "no_cause"
    (again,) = customer.receive(
        event("e3", EventType.CALL, 3, touchpoint="fatura"),
        contacts[2],
        event("e4", EventType.CALL, 4, touchpoint="fatura"),
    )
    assert (again.id, again.state, again.revision) == (alert.id, "open", 3)
    assert (again.ended_by, again.ending) == (None, None)


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
    customer.receive(csat("e1", 0, 1))
    customer.settings = DetectSettings(risk_threshold=0.3)
    (alert,) = customer.receive(event("e2", EventType.VISIT, 1))
    assert (alert.cause, alert.opened_at) == ("risk_over_threshold", START)


def test_agents_words_are_not_the_customers() -> None:
    said = leaving("e1", 0)
    by_agent = msgspec.structs.replace(said.event, author_type=AuthorType.AGENT)
    assert Customer().receive(Scored(by_agent, said.reading, START)) == []


def test_an_event_older_than_the_log_counts_at_its_start() -> None:
    customer = Customer(max_events=10)
    customer.receive(*(event(f"f{i}", EventType.VISIT, 100 + i) for i in range(15)))
    (alert,) = customer.receive(leaving("late", 0))
    assert alert.opened_at == START + timedelta(hours=104)
    assert alert.evidence[0].quote == "Bir daha almam sizden!"
    assert customer.receive(leaving("late", 0)) == []


def test_a_load_halves_in_a_half_life() -> None:
    assert decay({"a": 0.8}, 7 * DAY, 7)["a"] == pytest.approx(0.4)


def test_without_a_load_the_risk_is_a_plain_zero() -> None:
    assert str(risk_of({})) == "0.0"


def test_a_state_of_another_format_is_refused() -> None:
    customer = Customer()
    customer.receive(leaving("e1", 0))
    with pytest.raises(StateError, match="format 9, this version reads 2"):
        decode_state(b"\x09" + customer.encoded[1:])
    with pytest.raises(StateError, match="damaged"):
        decode_state(customer.encoded[:-3])


def test_leaving_ends_what_was_open_as_lost_and_stays_open_itself_until_the_return() -> None:
    customer = Customer()
    customer.receive(leaving("e1", 0))
    customer.receive(event("e2", EventType.ACCOUNT_CLOSED, 24, author_type=AuthorType.SYSTEM))
    causes = {one.cause: one for one in customer.alerts().values()}
    assert (causes["churn_intent"].ended_by, causes["churn_intent"].lost) == ("customer_lost", True)
    assert (causes["customer_left"].state, causes["customer_left"].lost) == ("open", False)
    (back,) = customer.receive(event("e3", EventType.SUBSCRIPTION_STARTED, 48))
    assert (back.cause, back.state, back.ended_by) == ("customer_left", "resolved", "customer_back")
    assert not back.lost


def test_a_plan_that_changes_ends_nothing() -> None:
    customer = Customer()
    customer.receive(leaving("e1", 0), promised("e2", 1, due=48))
    ends = {"product": "Fiber 50", "attributes": {"reason": "Tarife değişikliği"}}
    assert customer.receive(event("e3", EventType.SUBSCRIPTION_CANCELLED, 24, **ends)) == []
    assert customer.state.head.memory.waits
