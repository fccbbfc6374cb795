"""Replies, resolutions and self-service, step by step."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.calendar.calendar import AROUND_THE_CLOCK, Calendar, Calendars
from pipeline.calendar.hours import Hours
from pipeline.calendar.public_holidays import Holidays
from pipeline.kpi.journeys import Step, journey_facts
from pipeline.model.contact import PAUSES, is_contact

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""10:00 in Istanbul, an hour after opening."""
SLICE = ("app", "fatura", "", "A", "")


def step(hours: float, type_: str, author: str = "customer", **fields: object) -> Step:
    is_ticket = type_.startswith(("ticket.", "complaint"))
    values = {"customer_id": "c1", "ticket_id": "t1" if is_ticket else ""}
    values |= {"internal": False, "handoff": False}
    values["is_contact"] = is_contact(type_, author, thanks=False)
    at = MONDAY + timedelta(hours=hours)
    return Step(at=at, type=type_, author_type=author, **values | {"slice": SLICE} | fields)


def facts(*steps: Step, hours: float = 24) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = defaultdict(list)
    end = MONDAY + timedelta(hours=hours)
    for fact in journey_facts(reversed(steps), MONDAY, end, PAUSES, AROUND_THE_CLOCK):
        found[fact.name].append(fact.minutes)
    return found


def test_the_first_public_reply_of_a_person_stops_the_clock() -> None:
    found = facts(
        step(0, "ticket.opened"),
        step(1, "ticket.replied", "bot"),
        step(2, "ticket.replied", "agent", internal=True),
        step(3, "ticket.replied", "agent"),
        step(4, "ticket.replied", "agent"),
    )
    assert found["first_response"] == [180]
    assert "first_response_open" not in found


def test_reopening_starts_the_clock_anew() -> None:
    found = facts(
        step(0, "ticket.opened"),
        step(1, "ticket.replied", "agent"),
        step(2, "ticket.resolved", "agent"),
        step(5, "ticket.reopened"),
        step(7, "ticket.replied", "agent"),
    )
    assert found["first_response"] == [60, 120]


def test_a_reopening_while_waiting_restarts_the_same_clock() -> None:
    found = facts(
        step(0, "ticket.opened"), step(2, "ticket.reopened"), step(3, "ticket.replied", "agent")
    )
    assert found["first_response"] == [60]


@pytest.mark.parametrize(
    ("before", "minutes"),
    [
        ([step(0, "ticket.opened")], [60]),
        ([], [60]),
        ([step(0, "ticket.opened"), step(1, "ticket.replied", "agent")], [60, 60]),
        ([step(1, "ticket.replied", "bot", handoff=True)], [120]),
    ],
)
def test_a_bot_that_hands_over_starts_the_clock(before: list[Step], minutes: list[float]) -> None:
    handed_over = step(2, "ticket.replied", "bot", handoff=True)
    assert (
        facts(*before, handed_over, step(3, "ticket.replied", "agent"))["first_response"] == minutes
    )
    assert len(facts(*before, handed_over)["first_response_open"]) == 1


def test_only_a_bot_hands_over() -> None:
    found = facts(step(0, "ticket.opened"), step(1, "ticket.replied", "agent", handoff=True))
    assert found["first_response"] == [60]


def test_a_ticket_without_a_reply_is_open_and_one_resolved_without_is_not() -> None:
    assert len(facts(step(0, "ticket.opened"))["first_response_open"]) == 1
    resolved = facts(step(0, "ticket.opened"), step(1, "ticket.resolved", "agent"))
    assert "first_response_open" not in resolved
    assert "first_response" not in resolved


def test_a_complaint_opens_its_ticket_and_may_be_answered_in_the_same_minute() -> None:
    found = facts(step(0, "complaint"), step(0, "ticket.replied", "agent"))
    assert found["first_response"] == [0]


def test_clocks_belong_to_the_window_in_which_they_start() -> None:
    late = facts(step(-1, "ticket.opened"), step(1, "ticket.replied", "agent"))
    assert "first_response" not in late


def test_first_and_full_resolution() -> None:
    steps = [
        step(0, "ticket.opened"),
        step(1, "ticket.resolved", "agent"),
        step(2, "ticket.reopened"),
        step(5, "ticket.resolved", "agent"),
        step(6, "ticket.resolved", "agent"),
    ]
    found = facts(*steps)
    assert (found["resolution_first"], found["resolution_full"]) == ([60], [300])
    reopened = facts(*steps[:3])
    assert reopened["resolution_first"] == [60]
    assert len(reopened["resolution_open"]) == 1
    assert "resolution_full" not in reopened


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
        (step(0.5, "message"), True),
        (step(2, "message"), False),
        (step(1.1, "message", ticket_id="t1"), False),
        (step(1.1, "message", ticket_id="t1", is_contact=False), True),
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


def test_business_time_is_by_the_calendar_of_the_brand() -> None:
    """Opened on Tuesday at 17:00, answered on Friday at 10:00; Thursday is Republic Day."""
    istanbul = ZoneInfo("Europe/Istanbul")
    opened = datetime(2026, 10, 27, 17, tzinfo=istanbul)
    answered = datetime(2026, 10, 30, 10, tzinfo=istanbul)
    office = Hours("09:00", "18:00", ("mon", "tue", "wed", "thu", "fri"))
    house = Calendar(istanbul, (office,), Holidays("TR"))
    calendars = Calendars(house, {"b": Calendar(istanbul, (office,))})
    steps = [
        made._replace(ticket_id=brand, slice=("app", "", "", brand, ""))
        for brand in ("A", "B")
        for made in (
            step(0, "ticket.opened")._replace(at=opened),
            step(0, "ticket.replied", "agent")._replace(at=answered),
        )
    ]
    business = {
        fact.slice[3]: fact.minutes
        for fact in journey_facts(steps, opened, answered, PAUSES, calendars)
        if fact.name == "first_response_business"
    }
    assert business == {"A": 60 + 240 + 60, "B": 60 + 540 + 540 + 60}
