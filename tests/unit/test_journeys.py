"""Contacts after tickets and self-service, step by step."""

import pytest

from pipeline.kpi.steps import Step
from tests.support.journeys import BY_STAFF, IN_STORE, NO_TOUCHPOINT, SLICE, facts, step


@pytest.mark.parametrize(
    ("contact", "at_once"),
    [
        (step(24 * 7 + 1, "call"), False),
        (step(24 * 7 + 1.01, "call"), True),
        (step(2, "call", slice=("app", "teslimat", "", "A", "")), True),
        (step(2, "call", customer_id="c2"), True),
        (step(2, "message", "agent"), True),
        (step(2, "self_service.viewed"), True),
        (step(2, "ticket.reopened"), False),
        (step(24, "ticket.reopened", "system"), False),
        (step(48, "ticket.opened", "system", ticket_id="t2"), False),
        (step(48, "ticket.opened", "agent", ticket_id="t2", slice=BY_STAFF), False),
        (step(48, "ticket.opened", "system", ticket_id="t2", customer_id="c2"), True),
        (step(2, "visit"), True),
        (step(2, "visit", slice=IN_STORE), False),
        (step(2, "post"), False),
        (step(0.5, "message"), True),
        (step(2, "message"), False),
        (step(1.1, "message", ticket_id="t1"), False),
        (step(1.1, "message", ticket_id="t1", thanks=True), True),
        (step(48, "message", ticket_id="t1", slice=NO_TOUCHPOINT), False),
        (step(48, "message", ticket_id="t2", slice=NO_TOUCHPOINT), True),
        (step(48, "message", slice=NO_TOUCHPOINT), True),
    ],
)
def test_first_contact_resolution_is_silence_on_the_topic(contact: Step, at_once: bool) -> None:
    found = facts(step(0, "ticket.opened"), step(1, "ticket.resolved", "agent"), contact)
    assert len(found["resolved"]) == 1
    assert len(found["resolved_at_once"]) == at_once


def test_a_conversation_that_began_before_the_resolution_is_no_contact_after_it() -> None:
    by_phone = {"slice": ("call", *SLICE[1:])}
    found = facts(
        step(0, "ticket.opened"),
        *(step(hours, "message", **by_phone) for hours in (0.9, 1.2)),
        step(1, "ticket.resolved", "agent", slice=("app", "", "", "A", "")),
    )
    assert len(found["resolved_at_once"]) == 1


@pytest.mark.parametrize(
    ("contact", "solved"),
    [
        (step(24.5, "call"), False),
        (step(24.51, "call"), True),
        (step(1, "message", "agent"), True),
        (step(1, "usage"), True),
        (step(1, "visit"), True),
        (step(1, "visit", slice=IN_STORE), False),
        (step(1, "post"), True),
        (step(1, "ticket.opened", "agent", slice=BY_STAFF), False),
        (step(1, "message", thanks=True), True),
        (step(1, "message", customer_id="c2"), True),
    ],
)
def test_self_service_that_needs_help_within_a_day_solved_nothing(
    contact: Step, solved: bool
) -> None:
    found = facts(step(0, "self_service.searched"), step(0.5, "self_service.resolved"), contact)
    assert len(found["self_service_sessions"]) == 1
    assert len(found["self_service_solved"]) == solved


def test_a_pause_of_more_than_half_an_hour_begins_another_session() -> None:
    found = facts(
        *(step(hours, "self_service.viewed") for hours in (-0.25, 0.25, 0.75, 1.26)),
        step(2, "self_service.abandoned"),
    )
    assert len(found["self_service_sessions"]) == 2
    assert "self_service_solved" not in found
