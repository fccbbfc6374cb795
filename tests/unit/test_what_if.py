"""What the risk would be without a cause, and after a relief: as a run that had it so."""

import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.config.groups import ROOT
from pipeline.detection.customer import risk_at
from pipeline.detection.rules import load_rules
from pipeline.detection.what_if import NOTABLE, what_if
from pipeline.model.event_types import EventType
from pipeline.model.reading import Scored
from tests.support.customers import (
    RULES,
    SETTINGS,
    START,
    Customer,
    csat,
    event,
    histories,
    leaving,
    promised,
    resolved,
)

DAY = timedelta(days=1)
LATE = {"order_id": "O1", "attributes": {"promised_at": "2026-03-02T08:00:00Z"}}


def run(events: Iterable[Scored], days: float) -> Customer:
    """The customer so many days after the start, or at the last event if that is later."""
    customer = Customer(SETTINGS.max_events)
    for scored in events:
        customer.receive(scored)
    if customer.encoded:
        customer.pass_time(days * 24)
    return customer


def risk_of(events: Iterable[Scored], days: float) -> float:
    customer = run(events, days)
    return risk_at(customer.state, START + days * DAY, SETTINGS)[0] if customer.encoded else 0.0


def test_without_the_late_delivery_the_risk_is_that_of_the_rest() -> None:
    late = event("e1", EventType.ORDER_DELIVERED, 72, **LATE)
    history = [late, leaving("e2", 80), event("e3", EventType.PAYMENT_FAILED, 81)]
    answers = what_if(history, START + 4 * DAY, RULES, SETTINGS)
    without = {one.rule: one for one in answers.without}
    assert without["late_delivery"].event_ids == ("e1",)
    assert without["late_delivery"].risk == risk_of(history[1:], 4)
    assert without["churn_intent"].risk == risk_of([late, history[2]], 4)
    assert without["late_delivery"].risk < answers.risk == risk_of(history, 4)


def fading(name: str, number: int, type_: EventType = EventType.USAGE) -> list[Scored]:
    """Return so many days as ever, then few: the habit has changed."""
    used = [3.0 + 0.2 * (day % 3) if day < 45 else 0.3 for day in range(number)]
    return [
        event(f"{name}{day}", type_, 24 * day, attributes={"gb": gb})
        for day, gb in enumerate(used)
        if type_ is EventType.USAGE or gb > 1
    ]


@pytest.mark.parametrize("type_", [EventType.USAGE, EventType.VISIT])
def test_without_a_changed_habit_the_risk_is_that_of_a_run_that_judges_none(
    type_: EventType, tmp_path: Path
) -> None:
    history = [*fading("u", 70, type_), leaving("m", 24 * 50)]
    answers = what_if(history, START + 80 * DAY, RULES, SETTINGS)
    (without,) = [one for one in answers.without if one.rule == "usage_fading"]
    for file in (ROOT / "rules").glob("*.yaml"):
        if "[habit]" not in file.read_text(encoding="utf-8"):
            shutil.copy(file, tmp_path)
    reduced = load_rules(tmp_path)
    assert without.risk == what_if(history, START + 80 * DAY, reduced, SETTINGS).risk
    assert without.risk < answers.risk - NOTABLE


@settings(max_examples=40, deadline=None)
@given(
    history=histories(most=20),
    days=st.floats(0, 40),
    dice=st.randoms(use_true_random=False),
)
def test_each_answer_equals_a_run_without_the_events_of_the_cause(
    history: list[Scored], days: float, dice: Random
) -> None:
    arriving = dice.sample(history, len(history))
    answers = what_if(arriving, START + days * DAY, RULES, SETTINGS)
    assert answers.risk == risk_of(history, days)
    contributing = risk_at(run(history, days).state, START + days * DAY, SETTINGS)[1]
    assert [one.rule for one in answers.without] == [part.rule for part in contributing]
    for one, part in zip(answers.without, contributing, strict=True):
        assert set(part.event_ids) <= set(one.event_ids)
        kept = [other for other in history if other.event.event_id not in one.event_ids]
        assert one.risk == risk_of(kept, days)


def test_what_is_overdue_at_the_same_moment_is_told_apart() -> None:
    history = [
        promised("e1", 0, 8),
        promised("e2", 0, 8, order_id="O2"),
        event("e3", EventType.MESSAGE, 0),
    ]
    for days in (1.0, 2.0, 3.0):
        answers = what_if(history, START + days * DAY, RULES, SETTINGS)
        for one in answers.without:
            assert one.event_ids
            kept = [other for other in history if other.event.event_id not in one.event_ids]
            assert one.risk == risk_of(kept, days) < answers.risk


NO_SOLUTION = {EventType.SURVEY, EventType.TICKET_RESOLVED}


@settings(max_examples=40, deadline=None)
@given(history=histories(most=12), day=st.integers(11, 30))
def test_a_relief_does_at_least_what_was_foretold_when_it_comes(
    history: list[Scored], day: int
) -> None:
    history = [one for one in history if one.event.type not in NO_SOLUTION]
    assume(history)
    # Between two hours: what is solved just when it becomes due was never overdue.
    days = day + 1 / 48
    answers = what_if(history, START + days * DAY, RULES, SETTINGS)
    customer = run(history, days)
    ended = customer.receive(resolved("z1", 24 * days), csat("z2", 24 * days, 5))
    after = risk_at(customer.state, START + days * DAY, SETTINGS)[0]
    calming = {one.rule: one for one in answers.calming}
    if "solved_and_content" in calming:
        relief = calming["solved_and_content"]
        # A good score also shows ordinary life, which relieves of more.
        assert after <= relief.risk
        solved = {one.cause for one in ended if one.ended_by == "solved_and_content"}
        assert solved <= set(relief.ends)
        assert set(relief.ends) <= {one.cause for one in ended if one.state == "resolved"}
    else:
        assert answers.risk - after < NOTABLE


def test_a_relief_says_in_words_what_must_happen_and_which_alerts_end() -> None:
    history = [event("e1", EventType.OUTAGE_STARTED, 0), leaving("e2", 1)]
    answers = what_if(history, START + DAY, RULES, SETTINGS)
    solved, over = sorted(answers.calming, key=lambda one: one.risk)
    assert solved.titles["en"] == "Solved, and the customer is content"
    assert set(solved.ends) == {"churn_intent", "outage_hits_customer"}
    assert (over.rule, over.ends, over.risk) == (
        "outage_over",
        ("outage_hits_customer",),
        answers.risk,
    )


@pytest.mark.parametrize("history", [[], [event("v", EventType.VISIT, 0)]])
def test_a_calm_customer_has_nothing_to_be_calmed_of(history: list[Scored]) -> None:
    answers = what_if(history, START + DAY, RULES, SETTINGS)
    assert (answers.risk, answers.without, answers.calming) == (0.0, (), ())
